import { chmodSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

const ENTRY = "dist/pfndiff.js";

/** What starts files of its own, or need not be installed, stays outside. */
const FROM_NODE_MODULES = ["piscina", "bullmq", "ioredis"];

/** npx runs the file itself, and a build writes it anew without the executable bit. */
const executable: Plugin = {
  name: "executable",
  writeBundle: () => chmodSync(ENTRY, 0o755),
};

/**
 * One bundle for Node with nearly all dependencies; what only some commands need becomes a chunk of
 * its own (dynamic imports), so that `pfndiff --help` loads next to nothing.
 */
export default defineConfig({
  plugins: [executable],
  ssr: { noExternal: true, external: FROM_NODE_MODULES, target: "node" },
  build: {
    ssr: true,
    target: "node20",
    outDir: "dist",
    emptyOutDir: true,
    rolldownOptions: {
      input: {
        pfndiff: "src/cli/entry.ts",
        worker: "src/cli/worker.ts",
        benchworker: "src/cli/benchworker.ts",
        exploreworker: "src/cli/exploreworker.ts",
      },
      output: {
        format: "es",
        banner: (chunk) => (chunk.name === "pfndiff" ? "#!/usr/bin/env node" : ""),
        entryFileNames: "[name].js",
        chunkFileNames: "chunks/[name]-[hash].js",
      },
    },
  },
});
