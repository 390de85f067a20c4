import { createContext, runInContext } from "node:vm";
import { build } from "vite";
import { expect, it } from "vitest";
import { browse } from "./entry.ts";

/** The entry as one script that leaves nothing outside and sets `pfndiff`. */
async function scriptOf(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, minify: false, lib: { entry, name: "pfndiff", formats: ["iife"] } },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !("output" in output)) throw new Error("vite built nothing");
  const [chunk, ...more] = output.output;
  expect(more).toEqual([]);
  return chunk.code;
}

it("models, oracle, campaign, shrinking and reports run without Node, with the same answers", async () => {
  const script = await scriptOf("tests/browser/entry.ts");
  expect(script).not.toMatch(/__vite-browser-external|\bfrom "node:/);
  const context = createContext({ TextEncoder, performance, setTimeout, btoa });
  runInContext(script, context);
  expect(runInContext("typeof process + typeof Buffer + typeof require", context)).toBe(
    "undefined".repeat(3),
  );
  const there: unknown = await runInContext("pfndiff.browse()", context);
  // Wall-clock speed is the only thing in a campaign that differs from run to run.
  const plain = (value: unknown) => JSON.stringify(value).replace(/opsPerSecond[^,]*,/g, "");
  expect(plain(there)).toBe(plain(await browse()));
});
