import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/bundle.ts"],
    testTimeout: 60_000,
    // Hooks run campaigns that several tests look at.
    hookTimeout: 120_000,
  },
});
