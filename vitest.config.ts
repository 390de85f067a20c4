import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // All cores: no file of tests writes what another one reads, and none builds the bundle.
    maxWorkers: "100%",
    // Files share what they import: loading it anew for each took as long as the tests.
    isolate: false,
    globalSetup: ["tests/bundle.ts"],
    // Only what hangs runs into these: a busy machine may take ten times as long as a quiet one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    setupFiles: ["tests/thorough.ts"],
  },
});
