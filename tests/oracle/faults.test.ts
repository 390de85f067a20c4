import { describe, expect, test } from "vitest";
import { judgeSide } from "../../src/oracle/judge.ts";
import type { Recording, Step } from "../../src/trace/recording.ts";
import type { Trace } from "../../src/trace/trace.ts";
import {
  exit,
  fork,
  map,
  mprotect,
  munmap,
  record,
  scene,
  spawn,
  symptoms,
  write,
} from "./scenes.ts";

/** A sound recording with one step, or all from it on, made wrong by hand. */
function spoilt(trace: Trace, from: number, change: (step: Step) => Partial<Step>): Recording {
  const sound = record("6.18", trace);
  const steps = sound.steps.map((step, index) => {
    return index < from ? step : { ...step, ...change(structuredClone(step)) };
  });
  return { ...sound, steps };
}

const mapped = scene([spawn(), map(0, 2, 0), munmap(1, 1), munmap(0, 1)]);
const WC = { via: "resource_wc" } as const;

describe("what no real kernel here does is found all the same", () => {
  test("an untouched recording of the refcounted design has nothing but over-retention", () => {
    expect(symptoms(record("6.18", mapped))).toEqual(["2 over-retention:unmap-tail"]);
  });

  test("a reservation dropped while its mapping lives leaves the mapping untracked", () => {
    expect(symptoms(spoilt(mapped, 2, () => ({ memtype: [] })))).toEqual([
      "2 untracked-mapping:unmap-tail",
    ]);
  });

  test("a mapping without reservation is untracked", () => {
    expect(symptoms(spoilt(mapped, 1, () => ({ memtype: [] })))).toEqual([
      "1 untracked-mapping:mmap",
    ]);
  });

  test("a reservation that outlives its only mapping is a leak by the whole unmap", () => {
    const trace = scene([spawn(), map(0, 2, 0), munmap(0, 2), exit()]);
    const kept = [{ start: 0, end: 2, type: "uncached-minus" as const }];
    expect(symptoms(spoilt(trace, 2, () => ({ memtype: kept })))).toEqual(["2 leak:unmap-whole"]);
  });

  test("a reservation that comes from nowhere is a leak by the op", () => {
    const trace = scene([spawn(), write(0), exit()]);
    const stray = [{ start: 3, end: 4, type: "uncached-minus" as const }];
    expect(symptoms(spoilt(trace, 1, () => ({ memtype: stray })))).toEqual(["1 leak:touch"]);
  });

  test("a free without a mapping behind it has the op as its cause", () => {
    const event = { kind: "invalid-free", start: 8, end: 9 } as const;
    const trace = scene([spawn(), write(0)]);
    expect(symptoms(spoilt(trace, 1, () => ({ events: [event] })))).toEqual([
      "1 double-untrack:touch",
    ]);
  });

  describe("a second cache mode", () => {
    const trace = scene([spawn(), map(0, 1, 0), map(4, 1, 0, WC)]);
    const type = "write-combining" as const;
    const memtype = [{ start: 0, end: 1, type: "uncached-minus" as const }];
    const two = [...memtype, { start: 0, end: 1, type }];
    const modes = [{ at: 4, pages: 1, type }];
    const mapped = ({ vmas }: Step): Step["vmas"] => ({
      "0": (vmas["0"] ?? []).map((vma) => (vma.start === 4 ? { ...vma, modes } : vma)),
    });
    const unshown = ({ vmas }: Step): Step["vmas"] => ({
      "0": (vmas["0"] ?? []).map(({ modes: _unshown, ...vma }) => vma),
    });

    test("on a mapped page is a missed conflict and an alias", () => {
      const wrong = spoilt(trace, 2, (step) => ({ memtype: two, vmas: mapped(step) }));
      expect(symptoms(wrong)).toEqual(["2 missed-conflict:mmap", "2 alias:mmap"]);
    });

    test("that is only reserved for it is not what the page is mapped with", () => {
      const wrong = spoilt(trace, 2, () => ({ memtype: two }));
      expect(symptoms(wrong)).toEqual(["2 mode-mismatch:mmap"]);
    });

    test("that only the page has is not what is reserved for it either", () => {
      const wrong = spoilt(trace, 2, (step) => ({ vmas: mapped(step) }));
      expect(symptoms(wrong)).toEqual([
        "2 missed-conflict:mmap",
        "2 mode-mismatch:mmap",
        "2 alias:mmap",
      ]);
    });

    test("is taken from the reservation where a kernel shows no page tables", () => {
      const wrong = spoilt(trace, 1, (step) => ({ vmas: unshown(step) }));
      const steps = wrong.steps.with(2, { ...(wrong.steps[2] as Step), memtype: two });
      expect(symptoms({ ...wrong, steps })).toEqual(["2 missed-conflict:mmap", "2 alias:mmap"]);
    });
  });

  test("a mapping over two modes is a missed conflict, though it got none that it asked for", () => {
    const ops = [map(0, 1, 0), map(1, 1, 1, WC), map(4, 2, 0, { via: "devmem" })];
    const type = "uncached-minus" as const;
    const got = { start: 4, end: 6, prot: "rw", private: false, pfn: 0 } as const;
    const wrong = spoilt(scene([spawn(), ...ops], "write-back"), 3, ({ memtype, vmas }) => ({
      result: { ok: true },
      memtype: [...memtype, { start: 0, end: 2, type }],
      vmas: { "0": [...(vmas["0"] ?? []), { ...got, modes: [{ at: 4, pages: 2, type }] }] },
      events: [],
    }));
    expect(symptoms(wrong)).toEqual(["3 missed-conflict:mmap", "3 alias:mmap"]);
  });

  test("a page whose mode changes under mprotect() is told", () => {
    const trace = scene([spawn(), map(0, 3, 0, WC), mprotect(1, 1)]);
    const modes = [{ at: 1, pages: 1, type: "uncached-minus" as const }];
    const changed = ({ vmas }: Step) => ({
      "0": (vmas["0"] ?? []).map((vma) => (vma.start === 1 ? { ...vma, modes } : vma)),
    });
    expect(symptoms(spoilt(trace, 2, (step) => ({ vmas: changed(step) })))).toEqual([
      "2 mode-mismatch:mprotect",
    ]);
  });

  test("and so is one behind a page that was copied on write", () => {
    const own = map(0, 3, 0, { ...WC, private: true });
    const trace = scene([spawn(), own, write(0), mprotect(0, 3)]);
    const modes = [{ at: 1, pages: 2, type: "uncached-minus" as const }];
    const changed = ({ vmas }: Step) => ({
      "0": (vmas["0"] ?? []).map((vma) => ({ ...vma, modes })),
    });
    expect(symptoms(spoilt(trace, 3, (step) => ({ vmas: changed(step) })))).toContain(
      "3 mode-mismatch:mprotect",
    );
  });

  test("a kernel mapping that came without a reservation is told, and leaves none behind", () => {
    const slot = { proc: 0, slot: 0 } as const;
    const trace = scene([
      spawn(),
      { op: "ioremap", ...slot, mode: "wc", pfn: 0, pages: 4 },
      write(0),
      { op: "iounmap", ...slot },
      exit(),
    ]);
    expect(symptoms(spoilt(trace, 1, () => ({ memtype: [] })))).toEqual([
      "1 untracked-mapping:ioremap",
    ]);
  });

  test("a refusal without any conflict is refused by the mmap itself", () => {
    const trace = scene([spawn(), map(0, 1, 0)]);
    const refused = { result: { errno: "EINVAL" }, memtype: [], vmas: { "0": [] } } as const;
    expect(
      symptoms(spoilt(trace, 1, () => ({ ...refused, memtype: [], vmas: { "0": [] } }))),
    ).toEqual(["1 refused:mmap"]);
  });

  test("a fork that fails for nothing is refused by the fork itself", () => {
    const trace = scene([spawn(), map(0, 1, 0), fork(1)]);
    const failed = (step: Step): Partial<Step> => ({
      result: { errno: "ENOMEM" },
      vmas: { "0": step.vmas["0"] ?? [] },
    });
    expect(symptoms(spoilt(trace, 2, failed))).toEqual(["2 refused:fork"]);
  });

  test("a context with a wrong count is told once, where the count goes wrong", () => {
    const wrong = (step: Step): Partial<Step> => ({
      contexts: (step.contexts ?? []).map((context) => ({ ...context, refs: 7 })),
    });
    const trace = scene([spawn(), map(0, 2, 0), write(0), exit()]);
    expect(symptoms(spoilt(trace, 1, wrong))).toEqual(["1 refcount:mmap"]);
  });

  test("a context that nobody holds is told", () => {
    const stray = { pfn: 0, pages: 2, refs: 0, holders: 0 };
    const trace = scene([spawn(), write(0)]);
    expect(symptoms(spoilt(trace, 1, () => ({ contexts: [stray] })))).toEqual(["1 refcount:touch"]);
  });

  test("a kernel warning is told", () => {
    const event = { kind: "warn", text: "memtype.c: get_pat_info" } as const;
    const trace = scene([spawn(), map(0, 1, 0), exit()]);
    expect(symptoms(spoilt(trace, 2, () => ({ events: [event] })))).toEqual(["2 warning:exit"]);
  });

  test("a result that the VMAs belie is told", () => {
    const trace = scene([spawn(), map(0, 2, 0), munmap(0, 2)]);
    const before = record("6.18", trace).steps[1];
    if (before === undefined) throw new Error("there is a step");
    const { memtype, vmas } = before;
    expect(symptoms(spoilt(trace, 2, () => ({ memtype, vmas })))).toContain(
      "2 errno:munmap-untrue",
    );
  });

  test("a refused mmap() that is shown to have mapped is told", () => {
    const shown = record("6.18", scene([spawn(), map(0, 2, 0)]));
    const last = { ...(shown.steps[1] as Step), result: { errno: "EPERM" } as const };
    expect(symptoms({ ...shown, steps: shown.steps.with(1, last) })).toContain(
      "1 errno:mmap-untrue",
    );
  });

  test("a warning is told of each kernel message that says that the kernel's code is at its end", () => {
    const trace = scene([spawn(), write(0), exit()]);
    const told = (...events: Step["events"]) => symptoms(spoilt(trace, 1, () => ({ events })));
    const [text, backtrace] = ["untrack_pfn", ["unmap_vmas", "exit_mmap"]];
    expect(told({ kind: "crash", text })).toEqual(["1 crash:touch"]);
    expect(told({ kind: "hang", text })).toEqual(["1 hang:touch"]);
    expect(told({ kind: "bug", text, backtrace })).toEqual(["1 bug:touch"]);
    expect(told({ kind: "bug", text })).toEqual(["1 warning:touch", "2 warning:exit"]);
    expect(told({ kind: "kernel-leak", text })).toEqual([
      "1 kernel-leak:touch",
      "2 kernel-leak:exit",
    ]);
    const whole = spoilt(trace, 2, () => ({ events: [{ kind: "bug", text, backtrace }] }));
    expect(judgeSide(whole, "after").findings.map(({ detail }) => detail)).toEqual([
      "untrack_pfn < unmap_vmas < exit_mmap",
    ]);
  });

  test("counts of contexts say nothing once a task has died in a BUG", () => {
    const bug = { kind: "bug", text: "untrack_pfn" } as const;
    const wrong = ({ contexts = [] }: Step) => contexts.map((one) => ({ ...one, refs: 7 }));
    const trace = scene([spawn(), map(0, 2, 0), write(0)]);
    const died = spoilt(trace, 2, (step) => ({ events: [bug], contexts: wrong(step) }));
    expect(symptoms(died)).toEqual(["2 warning:touch"]);
  });
});
