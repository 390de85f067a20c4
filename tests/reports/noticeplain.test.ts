import { describe, expect, test } from "vitest";
import { type Noticed, plainClause, simplestClause } from "../../reports/noticeplain.ts";
import { type Side, type Symptom, SYMPTOMS, type Verdict } from "../../src/oracle/finding.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Result, Step, TraceEvent } from "../../src/trace/recording.ts";

const MMAP: Op = {
  op: "mmap",
  proc: 0,
  at: 0,
  pages: 1,
  pfn: 0,
  via: "resource",
  prot: "rw",
  private: false,
};
const OK: Result = { ok: true };

function stateOf(result: Result, events: readonly TraceEvent[] = []): Step {
  return { result, memtype: [], vmas: {}, events: [...events] };
}

function said(
  symptom: Symptom,
  verdict: Verdict,
  side: Side,
  more: { op?: Op; before?: Step; after?: Step; staysForGood?: boolean } = {},
): string {
  const { op = MMAP, before = stateOf(OK), after = stateOf(OK), staysForGood = false } = more;
  const noticed: Noticed = {
    finding: { symptom, verdict, side },
    step: { op, before, after, findings: [] },
    staysForGood,
  };
  return plainClause(noticed);
}

/** A word of what a user of the machine meets. */
const MEETS: Readonly<Record<Symptom, RegExp>> = {
  crash: /kernel crashes$/,
  bug: /stops at a BUG/,
  hang: /never returns$/,
  alias: /two cache modes at once: .*stale data$/,
  "missed-conflict": /granted although .*stale data$/,
  "untracked-mapping": /nothing guards their cache mode/,
  "wrong-owner-untrack": /a third may map the same pages in another mode$/,
  refcount: /count inside the kernel is wrong/,
  "double-untrack": /frees a memory type that is not set/,
  leak: /until the next boot, so later mappings of these pages may fail/,
  "kernel-leak": /keeps memory that no process uses/,
  "mode-mismatch": /may be slow, or combined and reordered/,
  "stale-memtype": /another cache mode than it asked for: accesses to the device may be slow/,
  refused: /mapping the device fails$/,
  warning: /warns in its log \(and stops, with panic_on_warn\)$/,
  "over-retention": /for a time after the last mapping/,
  errno: /has another effect$/,
};

describe("what a user notices begins in plain words", () => {
  test.each(SYMPTOMS)("of %s, with no pfn and no word of the tracking", (symptom) => {
    const text = said(symptom, "introduced", "after");
    expect(text).toMatch(MEETS[symptom]);
    expect(text).not.toMatch(/pfn|VM_PAT|track|reserv|VMA|memtype(?!\))/);
  });

  test.each([
    ["introduced", "after", "Introduced (only after): "],
    ["fixed", "before", "Fixed (only before): "],
    ["kept", "after", "Kept (on both sides): "],
    ["changed", "after", "Changed (on both sides, in different ways): "],
  ] as const)("says of what is %s on which side it shows", (verdict, side, head) => {
    expect(said("stale-memtype", verdict, side).startsWith(head)).toBe(true);
  });

  test("names the error that the side returns which refuses, and what it refuses", () => {
    const before = stateOf({ errno: "EAGAIN" });
    const after = stateOf({ errno: "EINVAL" });
    const fork: Op = { op: "fork", proc: 0, child: 1 };
    expect(said("refused", "fixed", "before", { before })).toContain(
      "mapping the device fails (EAGAIN)",
    );
    expect(said("refused", "introduced", "after", { after })).toContain(
      "mapping the device fails (EINVAL)",
    );
    expect(said("refused", "fixed", "before", { op: fork, before })).toContain(
      "fork() of a process",
    );
  });

  test("says that the kernel logs a double free only where it does", () => {
    const event: TraceEvent = { kind: "invalid-free", start: 0, end: 1 };
    const before = stateOf(OK, [event]);
    expect(said("double-untrack", "fixed", "before", { before })).toContain("logs an error");
    expect(said("double-untrack", "introduced", "after", { before })).toContain("logs nothing");
  });

  test("says of another result which side fails", () => {
    const failed = stateOf({ errno: "EIO" });
    const other = stateOf({ errno: "EPERM" });
    const changed = (more: object) => said("errno", "changed", "after", more);
    expect(changed({ after: failed })).toBe("Changed: a call that works before fails after (EIO)");
    expect(changed({ before: failed })).toBe("Changed: a call that fails before works after (EIO)");
    expect(changed({ before: other, after: failed })).toContain("(EPERM before, EIO after)");
  });

  test("says of a root's simplest sequence what it shows itself, and once what stays for good", () => {
    const noticed = (symptom: Symptom, verdict: Verdict, staysForGood: boolean): Noticed => ({
      finding: { symptom, verdict, side: "after" },
      step: undefined,
      staysForGood,
    });
    const graver = noticed("alias", "introduced", true);
    expect(simplestClause(noticed("warning", "introduced", true), graver)).toBe(
      "Of its simplest sequence: the kernel warns in its log (and stops, with panic_on_warn)",
    );
    expect(simplestClause(noticed("warning", "kept", true), noticed("alias", "fixed", false))).toBe(
      "Of its simplest sequence, kept (on both sides): the kernel warns in its log (and stops, with panic_on_warn); the memory type stays set until the next boot, so later mappings of these pages may fail or get another cache mode",
    );
  });

  test("does not tell what stays for good as staying for a time", () => {
    const text = said("over-retention", "fixed", "before", { staysForGood: true });
    expect(text).toContain("until the next boot");
    expect(text).not.toContain("for a time");
    expect(said("double-untrack", "fixed", "before", { staysForGood: true })).toContain(
      "until the next boot",
    );
  });
});
