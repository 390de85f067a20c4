import { chmodSync, writeFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import { SOURCES_FILE, sourcesIn } from "./src/cli/build.ts";

const ENTRY = "dist/pfndiff.js";

/** What starts files of its own, or need not be installed, stays outside. */
const FROM_NODE_MODULES = ["piscina", "bullmq", "ioredis"];

/** What a build is made of, as it was before anything was read. */
let sources = "";

/** Tells the build its sources, and npx, which runs the file itself, that it may. */
const finish: Plugin = {
  name: "finish",
  buildStart: () => {
    sources = JSON.stringify(sourcesIn("."));
  },
  writeBundle: () => {
    writeFileSync(`dist/${SOURCES_FILE}`, sources);
    chmodSync(ENTRY, 0o755);
  },
};

/**
 * One bundle for Node with nearly all dependencies; what only some commands need becomes a chunk of
 * its own (dynamic imports), so that `pfndiff --help` loads next to nothing.
 */
export default defineConfig({
  plugins: [finish],
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
