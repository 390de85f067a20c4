import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { askedOf } from "../../src/cli/explorekept.ts";
import { run } from "./run.ts";

const dir = mkdtempSync(join(tmpdir(), "pfndiff-kept-"));
afterAll(() => rmSync(dir, { recursive: true }));

describe("explore --resume", () => {
  it("tells one build of a tree from another, under one name", () => {
    const bounds = { procs: 1, slots: 1, pages: 1, depth: 1 };
    const scope = { bounds, before: "modern@7.2", after: "tree:linux", judged: false };
    const [was, is, again] = ["a", "b", "a"].map((program) =>
      askedOf(scope, { "tree:linux": program }),
    );
    expect(again).toBe(was);
    expect(is).not.toBe(was);
  });

  it("keeps what an interrupt has cut short in a file, from which the same command goes on", async () => {
    const [file, whole, resumed] = ["kept", "whole.json", "resumed.json"].map((name) =>
      join(dir, name),
    ) as [string, string, string];
    const command = ["explore", "--slots", "1", "--pages", "1", "--depth", "2"];
    const keeping = [...command, "--resume", file];
    const stopped = await run(keeping, { interrupted: AbortSignal.abort() });
    expect(stopped).toMatchObject({ status: 130, out: "" });
    expect(stopped.err).toContain(`kept in ${file}; the same command goes on\n`);
    const other = await run([...keeping, "--depth", "1"]);
    expect(other.status).toBe(2);
    expect(other.err).toMatch(/^pfndiff: [^\n]*of other backends or bounds[^\n]*\n$/);
    await run([...command, "--out", whole]);
    await run([...keeping, "--out", resumed]);
    expect(readFileSync(resumed)).toEqual(readFileSync(whole));
    expect(existsSync(file)).toBe(false);
  });

  it("goes on from no file that it has not kept whole", async () => {
    const file = join(dir, "torn");
    const keeping = ["explore", "--slots", "1", "--pages", "1", "--depth", "2", "--resume", file];
    await run(keeping, { interrupted: AbortSignal.abort() });
    const torn = readFileSync(file).subarray(0, -1);
    for (const bytes of [torn, Buffer.from("{}\n"), Buffer.alloc(0)]) {
      writeFileSync(file, bytes);
      const { status, err } = await run(keeping);
      expect(status).toBe(2);
      expect(err).toMatch(/^pfndiff: [^\n]*torn: [^\n]* \(remove it, or name another file\)\n$/);
      expect(readFileSync(file)).toEqual(bytes);
    }
  });
});
