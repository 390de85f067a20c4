import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

/** The viewer as one file, `dist/viewer.html`: the template that `renderHtml` fills with data. */
export default defineConfig({
  root: fileURLToPath(new URL("reports/html/viewer", import.meta.url)),
  plugins: [viteSingleFile({ removeViteModuleLoader: true }), renameTemplate()],
  // Said outright, because a build that tests start would get the development runtime.
  oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
  build: {
    target: "es2022",
    // Browsers that know light-dark(): what it would be lowered to is larger and knows no toggle.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    outDir: fileURLToPath(new URL("dist", import.meta.url)),
    emptyOutDir: false,
    modulePreload: false,
  },
});

/** The bundle's other files are in `dist` too, so the page gets a name that says what it is. */
function renameTemplate() {
  return {
    name: "pfndiff-viewer-template",
    enforce: "post" as const,
    generateBundle(_options: unknown, bundle: Record<string, { fileName: string }>) {
      const page = bundle["index.html"];
      if (page !== undefined) page.fileName = "viewer.html";
    },
  };
}
