import { describe, expect, it } from "vitest";
import { WORDS } from "../../kernel/parse/message.ts";
import { talking } from "../../src/explain/search.ts";
import { modelNamed } from "../../src/models.ts";
import { traceSchema } from "../../src/trace/trace.ts";
import { run } from "../cli/run.ts";

/** What `scenarios --like` finds: names, and the models that say it. */
async function like(text: string): Promise<{ name: string; on: string[]; kinds: Set<string> }[]> {
  const { status, out, err } = await run(["scenarios", "--like", text, "--json"]);
  expect([status, err]).toEqual([0, ""]);
  return JSON.parse(out).map((one: { name: string; on: string[]; trace: unknown }) => {
    const trace = traceSchema.parse(one.trace);
    const said = one.on.flatMap((id) => {
      const model = modelNamed(id);
      return model === undefined ? [] : talking(model).says(trace);
    });
    return { name: one.name, on: one.on, kinds: new Set(said.map(({ message }) => message.kind)) };
  });
}

describe("scenarios --like", () => {
  it.each([
    [
      "[ 9.1] x86/PAT: Xorg:999 freeing invalid memtype [mem 0xf0000000-0xf07fffff]",
      "invalid-free",
      "scenario:munmap-head",
    ],
    ["app:7 freeing invalid memtype fd001000-fd003000", "invalid-free", "scenario:munmap-head"],
    [
      "x86/PAT: gl:5 conflicting memory types f0000000-f0800000 write-combining<->uncached-minus",
      "conflict",
      "introduced:refused:bridge",
    ],
    ["Freeing invalid memtype", "invalid-free", "scenario:munmap-middle"],
    ["map pfn expected mapping type", "type-mismatch", "scenario:retained-tail-refuses"],
    ["vmf_insert_pfn()", "bug", "scenario:driver-inserts-into-private"],
    ["get_pat_info", "warn", "scenario:driver-window-at-tail"],
  ])("%s finds traces in which a model says it", async (text, kind, name) => {
    const found = await like(text);
    expect(found.map((one) => one.name)).toContain(name);
    for (const { on, kinds } of found) {
      expect(on.length).toBeGreaterThan(0);
      expect(kinds).toContain(kind);
    }
  });

  it("heeds the modes of a whole line, and puts first what has more of several lines", async () => {
    const line = (wanted: string, got: string) =>
      `x86/PAT: a:1 map pfn expected mapping type ${wanted} for [mem 0x20000-0x20fff], got ${got}`;
    const names = async (text: string) => (await like(text)).map(({ name }) => name);
    expect(await names(line("uncached-minus", "write-back"))).toContain("scenario:leak-refuses");
    expect((await run(["scenarios", "--like", line("write-back", "write-protected")])).status).toBe(
      1,
    );
    const both = [
      "conflicting memory types 10000-14000 write-combining<->uncached-minus",
      "memtype_reserve failed [mem 0x10000-0x13fff], track uncached-minus, req uncached-minus",
    ].join("\n");
    expect((await names(both))[0]).toBe("introduced:refused:bridge");
  });

  it("names what it knows where a text is no line of a kernel", async () => {
    const { status, out, err } = await run(["scenarios", "--like", "segfault at 0"]);
    expect([status, out]).toEqual([2, ""]);
    for (const words of Object.values(WORDS)) expect(err).toContain(words);
    expect(err.trimEnd()).not.toContain("\n");
  });
});
