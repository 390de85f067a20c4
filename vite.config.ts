import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig, type Plugin } from "vite";
import { SOURCES_FILE, sourcesIn } from "./src/cli/build.ts";

const ENTRY = "dist/pfndiff.js";

/** What starts files of its own, need not be installed, or is the caller's too, stays outside. */
const FROM_NODE_MODULES = ["piscina", "bullmq", "ioredis", "fast-check", "vitest"];

/** What a build is made of, as it was before anything was read. */
let sources = "";

/** What programs may import; package.json names the same. */
const MODULES = {
  design: "src/design.ts",
  index: "src/library/index.ts",
  "fast-check": "src/library/fastcheck.ts",
  vitest: "src/library/vitest.ts",
};

/** A declaration file and all that it imports. */
function reached(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, name] of readFileSync(file, "utf8").matchAll(/(?: from |import\()"(\..+?)\.ts"/g)) {
    reached(join(dirname(file), `${name}.d.ts`), seen);
  }
  return seen;
}

/** Makes the declarations of what programs may import: what they need, and no more. */
function declareModules(): void {
  execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.types.json"], { stdio: "inherit" });
  const needed = new Set<string>();
  for (const source of Object.values(MODULES)) {
    reached(`dist/types/${source.replace(/\.ts$/, ".d.ts")}`, needed);
  }
  for (const name of readdirSync("dist/types", { recursive: true, encoding: "utf8" })) {
    const file = join("dist/types", name);
    if (file.endsWith(".d.ts") && !needed.has(file)) rmSync(file);
  }
}

/** Tells the build its sources, npx, which runs the file itself, that it may, and modules their types. */
const finish = (mode: string): Plugin => ({
  name: "finish",
  buildStart: () => {
    sources = JSON.stringify(sourcesIn("."));
  },
  writeBundle: () => {
    writeFileSync(`dist/${SOURCES_FILE}`, sources);
    chmodSync(ENTRY, 0o755);
    if (mode !== "untyped") declareModules();
  },
});

/**
 * One bundle for Node with nearly all dependencies; what only some commands need becomes a chunk of
 * its own (dynamic imports), so that `pfndiff --help` loads next to nothing.
 */
export default defineConfig(({ mode }) => ({
  plugins: [finish(mode)],
  ssr: { noExternal: true, external: FROM_NODE_MODULES, target: "node" },
  build: {
    ssr: true,
    target: "node20",
    outDir: "dist",
    emptyOutDir: true,
    rolldownOptions: {
      // How long declarations take is no warning.
      checks: { pluginTimings: false },
      input: {
        pfndiff: "src/cli/entry.ts",
        worker: "src/cli/worker.ts",
        benchworker: "src/cli/benchworker.ts",
        exploreworker: "src/cli/exploreworker.ts",
        ...MODULES,
      },
      output: {
        format: "es",
        banner: (chunk) => (chunk.name === "pfndiff" ? "#!/usr/bin/env node" : ""),
        entryFileNames: "[name].js",
        chunkFileNames: "chunks/[name]-[hash].js",
      },
    },
  },
}));
