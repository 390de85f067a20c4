import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/thorough.ts"],
    testTimeout: 60_000,
    // A hook may have to build the bundle, or wait for the test file that does.
    hookTimeout: 120_000,
  },
});
