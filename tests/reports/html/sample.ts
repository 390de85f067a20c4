import { legacyBackend } from "../../../legacy/index.ts";
import { modernBackend } from "../../../modern/index.ts";
import type { ReportData, ReportFinding } from "../../../reports/data.ts";
import type { Op } from "../../../src/trace/op.ts";
import type { Trace } from "../../../src/trace/trace.ts";

const before = legacyBackend("6.12");
const after = modernBackend("6.18");

/** What a sample finding says; its recordings come from the models. */
type Said = Omit<ReportFinding, "before" | "after" | "trace" | "signature"> & {
  readonly ops: readonly Op[];
  readonly mtrr?: "write-back";
};

const map = (
  pages: number,
  via: "resource" | "resource_wc" | "devmem" = "resource",
  pfn = 0,
): Op => ({
  op: "mmap",
  proc: 0,
  at: pfn,
  pages,
  pfn,
  via,
  prot: "rw",
  private: false,
});
const spawn: Op = { op: "spawn", proc: 0 };
const exit: Op = { op: "exit", proc: 0 };
const munmap = (at: number, pages: number): Op => ({ op: "munmap", proc: 0, at, pages });

const REFUSED =
  "The refcounted design frees a context's whole range at once, when its last mapping goes. A page unmapped earlier keeps its cache mode until then, and a mapping that wants another mode is refused. The cover letter names it as the trade-off of the simpler lifetime rule.";
const HEAD_LEAK =
  "VM_PAT stores no range. After the head is gone, what is freed is [1,2), which equals no reservation; the one that is there, [0,2), is only cut at its end. Page 0 stays reserved until reboot.";

const SAID: readonly Said[] = [
  {
    symptom: "refused",
    cause: "unmap-tail",
    verdict: "introduced",
    status: "new",
    count: 1204,
    firstRun: 6,
    side: "after",
    step: 3,
    parted: false,
    detail: "mmap of pfn [1,2) as UC- fails with EAGAIN, though no live mapping has that page",
    ops: [
      spawn,
      map(2, "devmem"),
      munmap(1, 1),
      {
        op: "mmap",
        proc: 0,
        at: 1,
        pages: 1,
        pfn: 1,
        via: "devmem_sync",
        prot: "rw",
        private: false,
      },
      exit,
    ],
    mtrr: "write-back",
  },
  {
    symptom: "leak",
    cause: "unmap-head",
    verdict: "fixed",
    status: "known",
    count: 8417,
    firstRun: 0,
    side: "before",
    step: 3,
    parted: false,
    detail: "pfn [0,1) stays reserved as UC- after its last mapping is gone; nothing will free it",
    reason: HEAD_LEAK,
    ref: "https://lore.kernel.org/all/20240825152403.3171682-1-namcao@linutronix.de/",
    ops: [spawn, map(2), munmap(0, 1), munmap(1, 1), exit],
    texts: {
      command: "pfndiff replay fixed-leak-unmap-head.json --before legacy@6.12 --after modern@6.18",
      c: "int main(void) { return 0; }\n",
      mail: "Subject: x86/mm/pat: reservation of page 0 is leaked\n",
    },
  },
  {
    symptom: "double-untrack",
    cause: "unmap-middle",
    verdict: "fixed",
    status: "known",
    count: 3911,
    firstRun: 2,
    side: "before",
    step: 2,
    parted: false,
    detail: "the kernel frees [1,2), for which there is no reservation",
    reason: "Only a range that equals a reservation, or that ends where one ends, can be freed.",
    ref: "KERNEL.md L2",
    ops: [spawn, map(3), munmap(1, 1), exit],
  },
  {
    symptom: "leak",
    cause: "move-tail",
    verdict: "fixed",
    status: "known",
    count: 2250,
    firstRun: 11,
    side: "before",
    step: 3,
    parted: false,
    detail: "pfn [0,1) stays reserved as UC-, and the kernel log says nothing",
    reason:
      "mremap() of a piece clears VM_PAT on the whole old mapping, so the rest is never untracked.",
    ref: "KERNEL.md L10",
    ops: [spawn, map(2), { op: "mremap", proc: 0, at: 1, pages: 1, newPages: 1, to: 4 }, exit],
  },
  {
    symptom: "wrong-owner-untrack",
    cause: "end-match",
    verdict: "fixed",
    status: "known",
    count: 611,
    firstRun: 48,
    side: "before",
    step: 4,
    parted: false,
    detail: "freeing [1,2) shrinks the reservation [0,2), which another mapping owns",
    reason: "The memtype tree may match by end address, whoever owns the entry.",
    ref: "KERNEL.md L5",
    ops: [
      spawn,
      map(2),
      { op: "spawn", proc: 1 },
      { op: "mmap", proc: 1, at: 1, pages: 2, pfn: 1, via: "resource", prot: "rw", private: false },
      { op: "munmap", proc: 1, at: 1, pages: 1 },
      munmap(0, 2),
      { op: "exit", proc: 1 },
      exit,
    ],
  },
  {
    symptom: "refused",
    cause: "cow-head",
    verdict: "fixed",
    status: "known",
    count: 402,
    firstRun: 77,
    side: "before",
    step: 3,
    parted: false,
    detail: "fork fails with ENOMEM, though nothing conflicts",
    reason: "The copy of the first page hides the pfn from which the range is derived.",
    ref: "KERNEL.md L19",
    ops: [
      spawn,
      { op: "mmap", proc: 0, at: 0, pages: 1, pfn: 0, via: "resource", prot: "rw", private: true },
      { op: "touch", proc: 0, at: 0, write: true },
      { op: "fork", proc: 0, child: 1 },
      exit,
    ],
  },
  {
    symptom: "over-retention",
    cause: "unmap-tail",
    verdict: "introduced",
    status: "known",
    count: 7730,
    firstRun: 1,
    side: "after",
    step: 3,
    parted: false,
    detail: "pfn [1,2) stays reserved while its context has other mappings",
    reason: REFUSED,
    ref: "KERNEL.md N1",
    ops: [
      spawn,
      map(2),
      { op: "mprotect", proc: 0, at: 0, pages: 1, prot: "r" },
      munmap(1, 1),
      exit,
    ],
  },
  {
    symptom: "stale-memtype",
    cause: "unmap-head",
    verdict: "kept",
    status: "known",
    count: 940,
    firstRun: 19,
    side: "after",
    step: 3,
    parted: false,
    detail: "a mapping asks for WC and silently gets UC-, which no live mapping needs",
    reason: "A request takes over the mode of the first reservation it overlaps.",
    ref: "KERNEL.md N16",
    ops: [spawn, map(2), munmap(0, 1), map(1, "resource_wc"), exit],
  },
  {
    symptom: "errno",
    cause: "mremap",
    verdict: "changed",
    status: "vanished",
    count: 0,
    firstRun: null,
    side: "after",
    step: 2,
    parted: false,
    detail: "the entry's trace shows the difference no more",
    reason: "Checks came in another order.",
    ref: "KERNEL.md 1.3",
    ops: [spawn, map(2), { op: "mremap", proc: 0, at: 0, pages: 2, newPages: 2, to: 4 }, exit],
  },
];

/** A finding with recordings that the models make of its ops. */
function finding(said: Said): ReportFinding {
  const { ops, mtrr = "uncached", ...rest } = said;
  const signature = `${said.verdict}:${said.symptom}:${said.cause}`;
  const world: Trace["world"] = { pfns: 8, vpages: 8, mtrr };
  const trace: Trace = { format: "pfndiff/trace@1", name: signature, world, ops: [...ops] };
  const steps = (backend: typeof before) => backend.recordSync(trace, { contexts: true }).steps;
  return {
    ...rest,
    signature,
    trace,
    before: { design: before.design, steps: steps(before) },
    after: { design: after.design, steps: steps(after) },
  };
}

/** A small report with a finding of every status and verdict. */
export function sampleReport(): ReportData {
  const findings = SAID.map(finding);
  return {
    campaign: {
      before: before.id,
      after: after.id,
      seed: 7,
      runs: 20_000,
      ops: 412_905,
      opsPerSecond: 48_211.4,
      digest: "9b74c9897bac770ffc029102a200c5de4af3c1d2b6e08f19a5507bd26e3a9f10",
      goals: {
        split: 5120,
        "munmap-head": 4801,
        "munmap-middle": 2230,
        "munmap-tail": 4770,
        "mremap-shrink": 1904,
        "move-whole": 2811,
        "move-piece": 1630,
        "fork-split": 988,
        "fork-fails": 402,
        "mmap-refused": 1310,
        "mmap-replaces": 3002,
        "cow-first": 1755,
      },
      goalsMissed: [],
      notComparable: 3120,
      retention: { pageOps: 61_224, refused: 1204, changed: 318 },
      residualChance: 0.00005,
    },
    gate: {
      passed: false,
      held: findings.length - 2,
      problems: findings
        .filter(({ status }) => status !== "known")
        .map(({ status, signature, detail }) => ({
          fault: status === "new" ? "new" : "vanished",
          signature,
          detail,
        })),
    },
    findings,
    claims: [
      {
        number: 1,
        claim: "Shrinking by mremap() worked before, by adjusting the reservation.",
        judgement: "holds",
        evidence: ["1,904 runs shrank a tracked mapping; none of them leaked or freed wrongly."],
      },
      {
        number: 2,
        claim: "Any other partial unmap was broken before.",
        judgement: "partly",
        evidence: [
          "Unmapping the head or the middle leaked in every run.",
          "Unmapping the tail by munmap() did not: erase by end serves it as well.",
        ],
        witness: {
          text: "spawn p0\nmmap p0 [0,2) = pfn [0,2) resource rw shared\nmunmap p0 [0,1)",
          signature: "fixed:leak:unmap-head",
        },
      },
    ],
  };
}

/** A report of `count` findings, each with a signature of its own. */
export function largeReport(count: number): ReportData {
  const report = sampleReport();
  const findings = Array.from({ length: count }, (_, index): ReportFinding => {
    const model = report.findings[index % report.findings.length];
    if (model === undefined) throw new Error("the sample report has findings");
    return { ...model, cause: `${model.cause}-${index}`, signature: `${model.signature}-${index}` };
  });
  const problems = findings
    .filter(({ status }) => status === "new")
    .map(({ signature, detail }) => ({ fault: "new" as const, signature, detail }));
  return { ...report, findings, gate: { passed: false, held: count - problems.length, problems } };
}

/** The sample with markup wherever a text can come from outside. */
export function hostileReport(): ReportData {
  const report = sampleReport();
  const markup = "</script><img src=x onerror='window.pwned=1'><!--\u2028 & <b>";
  const findings = report.findings.map(
    (finding): ReportFinding => ({
      ...finding,
      signature: `${finding.signature}${markup}`,
      cause: `${finding.cause}${markup}`,
      detail: `${finding.detail}${markup}`,
      reason: markup,
      ref: "javascript:window.pwned=2",
      texts: { command: markup },
    }),
  );
  const campaign = { ...report.campaign, before: markup, after: markup };
  return { ...report, campaign, findings };
}
