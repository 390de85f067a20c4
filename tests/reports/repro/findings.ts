import { closedTrace } from "../../../src/trace/closed.ts";
import type { ReproFinding, ReproInput } from "../../../reports/repro/input.ts";
import type { Symptom } from "../../../src/oracle/finding.ts";
import type { Op } from "../../../src/trace/op.ts";
import type { Recording, Step } from "../../../src/trace/recording.ts";
import type { Trace, World } from "../../../src/trace/trace.ts";
import { MODELS } from "../../models.ts";

export const APERTURE: World = { pfns: 8, vpages: 16, mtrr: "uncached" };
export const LOW_MEMORY: World = { pfns: 8, vpages: 16, mtrr: "write-back" };

const spawn = (proc = 0): Op => ({ op: "spawn", proc });

type Mapping = Partial<Extract<Op, { op: "mmap" }>>;

function mmap(at: number, pages: number, pfn: number, more: Mapping = {}): Op {
  const plain = { via: "resource", prot: "rw", private: false } as const;
  return { op: "mmap", proc: 0, at, pages, pfn, ...plain, ...more };
}

function munmap(at: number, pages: number, proc = 0): Op {
  return { op: "munmap", proc, at, pages };
}

const write = (at: number): Op => ({ op: "touch", proc: 0, at, write: true });
const fork: Op = { op: "fork", proc: 0, child: 1 };

/** A finding by hand, with the recordings of the newest model of each design. */
export function inputOf(
  signature: string,
  side: "before" | "after",
  step: number,
  ops: readonly Op[],
  world: World = APERTURE,
): ReproInput {
  const [verdict, symptom] = signature.split(":") as [ReproFinding["verdict"], Symptom];
  const trace: Trace = { format: "pfndiff/trace@1", name: signature, world, ops: [...ops] };
  const detail = `${symptom} shows at step ${step}`;
  const record = (release: string): Recording => {
    const model = MODELS[release];
    if (model === undefined) throw new Error(`no model ${release}`);
    return model.recordSync(closedTrace(trace));
  };
  const finding = { signature, symptom, verdict, side, step, detail, trace };
  return { finding, before: record("6.12"), after: record("7.2") };
}

/** Findings that the models really show, at least one of every symptom that they can show. */
export const MODELLED: readonly ReproInput[] = [
  inputOf("fixed:leak:unmap-head", "before", 4, [
    spawn(),
    mmap(0, 2, 0),
    munmap(0, 1),
    munmap(1, 1),
    { op: "exit", proc: 0 },
  ]),
  inputOf("fixed:double-untrack:unmap-head", "before", 2, [spawn(), mmap(0, 2, 0), munmap(0, 1)]),
  inputOf("introduced:over-retention:unmap-tail", "after", 2, [
    spawn(),
    mmap(0, 2, 0),
    munmap(1, 1),
  ]),
  inputOf("fixed:wrong-owner-untrack:unmap-head", "before", 3, [
    spawn(),
    mmap(0, 2, 0),
    mmap(4, 2, 1),
    munmap(4, 1),
  ]),
  inputOf(
    "introduced:refused:unmap-tail",
    "after",
    3,
    [
      spawn(),
      mmap(0, 2, 0, { via: "devmem" }),
      munmap(1, 1),
      mmap(4, 1, 1, { via: "devmem_sync" }),
    ],
    LOW_MEMORY,
  ),
  inputOf("fixed:refused:cow-head", "before", 3, [
    spawn(),
    mmap(0, 1, 0, { private: true }),
    write(0),
    fork,
  ]),
  inputOf("introduced:stale-memtype:unmap-tail", "after", 3, [
    spawn(),
    mmap(0, 2, 0, { via: "resource_wc" }),
    munmap(1, 1),
    mmap(4, 1, 1),
  ]),
  inputOf("changed:errno:mremap", "before", 3, [
    spawn(),
    mmap(0, 1, 0),
    mmap(1, 1, 4),
    { op: "mremap", proc: 0, at: 0, pages: 2, newPages: 2, to: 8 },
  ]),
  inputOf("changed:errno:mremap-EFAULT-effect", "before", 2, [
    spawn(),
    mmap(0, 1, 0),
    { op: "mremap", proc: 0, at: 0, pages: 0, newPages: 1, to: 0 },
  ]),
  inputOf("changed:errno:mremap-EFAULT-to-EINVAL", "after", 1, [
    spawn(),
    { op: "mremap", proc: 0, at: 0, pages: 1, newPages: 1, to: 0 },
  ]),
  inputOf(
    "changed:errno:mremap-ENOMEM-to-ok",
    "after",
    2,
    [spawn(), mmap(0, 1, 0), { op: "mremap", proc: 0, at: 0, pages: 1, newPages: 1, to: 4 }],
    { ...APERTURE, maps: 6 },
  ),
  inputOf("kept:over-retention:cow", "before", 2, [
    spawn(),
    mmap(0, 1, 0, { private: true }),
    write(0),
  ]),
  // No file is mapped at all.
  inputOf("changed:errno:madvise-EINVAL-to-ok", "after", 2, [
    spawn(),
    mmap(0, 1, 0, { via: "anon", private: true }),
    { op: "madvise", proc: 0, at: 0, pages: 1, advice: "guard_install" },
  ]),
  inputOf("fixed:leak:split", "before", 11, [
    spawn(),
    mmap(0, 3, 0, { via: "devmem" }),
    { op: "mprotect", proc: 0, at: 0, pages: 1, prot: "r" },
    { op: "madvise", proc: 0, at: 1, pages: 1, advice: "dontfork" },
    fork,
    { op: "mremap", proc: 0, at: 2, pages: 1, newPages: 1, to: 10 },
    { op: "touch", proc: 0, at: 1, write: false },
    { op: "peek", proc: 0, at: 1 },
    { op: "mlock", proc: 0, at: 0, pages: 1 },
    { op: "munlock", proc: 0, at: 1, pages: 4 },
    { op: "mseal", proc: 0, at: 1, pages: 1 },
    { op: "exit", proc: 0 },
  ]),
];

/** The same input with one step of one side rewritten, for symptoms that no model shows. */
export function withStep(
  input: ReproInput,
  side: "before" | "after",
  index: number,
  change: Partial<Step>,
): ReproInput {
  const recording = input[side];
  const steps = recording.steps.map((step, at) => (at === index ? { ...step, ...change } : step));
  return { ...input, [side]: { ...recording, steps } };
}

const mapped = [spawn(), mmap(0, 2, 0), mmap(4, 1, 1, { via: "resource_wc" })];
const adopted = inputOf("fixed:alias:zap", "before", 2, mapped);

/** Findings of the symptoms that need more than user space can do, made by hand. */
export const MADE_UP: readonly ReproInput[] = [
  withStep(inputOf("fixed:untracked-mapping:zap", "before", 1, mapped), "before", 1, {
    memtype: [],
  }),
  withStep(adopted, "before", 2, {
    memtype: [{ start: 1, end: 2, type: "write-combining" }],
  }),
  withStep(inputOf("fixed:missed-conflict:zap", "before", 2, mapped), "before", 2, {
    memtype: [{ start: 1, end: 2, type: "write-combining" }],
  }),
  withStep(inputOf("fixed:warning:zap", "before", 2, mapped), "before", 2, {
    events: [{ kind: "warn", text: "get_pat_info" }],
  }),
];
