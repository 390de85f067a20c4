import * as fc from "fast-check";
import {
  DRIVER_MODES,
  DRIVER_OPS,
  type DriverCallRecord,
  type DriverOp,
  FAULT_HANDLERS,
} from "../src/trace/driverop.ts";
import { type Op, PROTS } from "../src/trace/op.ts";
import { bornBy, opFault, type Trace, type World } from "../src/trace/trace.ts";

/** Room for a memremap_pages() subsection, and for a few small mappings that meet in it. */
const WORLD: World = { pfns: 512, vpages: 16, mtrr: "uncached" };
const MOST_PAGES = 6;
const MOST_CALLS = 4;
const FEWEST_OPS = 4;
const MOST_OPS = 20;
const PROCS = [0, 1, 2, 3];

/** Which of the live processes, see Meeting. */
const proc = fc.nat({ max: 3 });
/** Mostly few places, so that mappings replace each other. */
const at = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 0, 4, 8) },
  fc.nat({ max: WORLD.vpages - MOST_PAGES }),
);
const pages = fc.integer({ min: 1, max: MOST_PAGES });
/** Few pfns, so that mappings overlap. */
const pfn = fc.nat({ max: 8 });
const physical = fc.oneof(
  { weight: 4, arbitrary: fc.record({ pfn }) },
  fc.record({ pfn, ram: fc.constant(true) }),
);
const mode = fc.constantFrom(...DRIVER_MODES);
const slot = fc.nat({ max: 2 });
const isPrivate = fc.constantFrom(false, false, false, true);
const prot = fc.constantFrom(...PROTS, "rw" as const, "rw" as const);

/** A part of a VMA; 0 pages are the rest of it, which is the whole at offset 0. */
const window = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ off: 0, pages: 0 }) },
  fc.record({ off: fc.nat({ max: 3 }), pages: fc.nat({ max: 3 }) }),
);

const remap = fc
  .tuple(fc.constantFrom("remap" as const, "remap-window" as const), window, physical, mode)
  .map(([call, range, where, wanted]) => ({ call, ...range, ...where, mode: wanted }));

const driverCall: fc.Arbitrary<DriverCallRecord> = fc.oneof(
  { weight: 6, arbitrary: remap },
  {
    weight: 2,
    arbitrary: window.map((range) => ({ call: "zap" as const, ...range })),
  },
  fc.tuple(fc.constantFrom(...FAULT_HANDLERS), physical, mode).map(([does, where, wanted]) => ({
    call: "fault-handler" as const,
    does,
    ...where,
    mode: wanted,
  })),
  fc
    .tuple(window, fc.nat({ max: 3 }))
    .map(([range, buffer]) => ({ call: "dma-window" as const, ...range, buffer })),
  fc.nat({ max: 3 }).map((buffer) => ({ call: "dma" as const, buffer })),
  fc.constant({ call: "fail" as const, errno: "EIO" as const }),
  fc.constant({ call: "ignore-errors" as const }),
);

/** A VMA filled piece by piece, each piece beside the one before: buffers of a ring, say. */
const filled = fc
  .tuple(
    fc.constantFrom("remap" as const, "remap-window" as const),
    fc.integer({ min: 1, max: 2 }),
    fc.array(fc.tuple(physical, mode), { minLength: 2, maxLength: MOST_CALLS }),
  )
  .map(([call, length, pieces]) =>
    pieces.map(([where, wanted], n): DriverCallRecord => {
      return { call, off: n * length, pages: length, ...where, mode: wanted };
    }),
  );

const whole = fc
  .tuple(physical, mode)
  .map(([where, wanted]): DriverCallRecord[] => [
    { call: "remap", off: 0, pages: 0, ...where, mode: wanted },
  ]);

/** What a handler that supplies a range anew does first. */
const emptied = whole.map((made): DriverCallRecord[] => [
  { call: "zap", off: 0, pages: 0 },
  ...made,
]);

const calls = fc.oneof(
  { weight: 2, arbitrary: fc.array(driverCall, { minLength: 1, maxLength: MOST_CALLS }) },
  { weight: 2, arbitrary: whole },
  filled,
);

const mapOp = fc
  .tuple(proc, at, pages, prot, isPrivate, calls)
  .map(([p, from, length, access, copies, made]) => ({
    op: "drv-mmap" as const,
    proc: p,
    at: from,
    pages: length,
    off: 0,
    prot: access,
    private: copies,
    calls: made,
  }));

const liveOp: fc.Arbitrary<DriverOp> = fc.oneof(
  fc.record({ op: fc.constant("drv-run" as const), proc, at, calls: fc.oneof(calls, emptied) }),
  fc.record({ op: fc.constant("drv-zap" as const), proc, off: fc.nat({ max: 5 }), pages }),
);

const kernelOp: fc.Arbitrary<DriverOp> = fc.oneof(
  fc
    .tuple(proc, slot, fc.constantFrom(...DRIVER_OPS.ioremap.fields.mode.values), physical, pages)
    .map(([p, s, wanted, where, length]) => ({
      op: "ioremap" as const,
      proc: p,
      slot: s,
      mode: wanted,
      ...where,
      pages: length,
    })),
  fc.record({ op: fc.constant("iounmap" as const), proc, slot }),
  fc
    .tuple(proc, slot, fc.constantFrom(...DRIVER_OPS.memremap.fields.mode.values), physical, pages)
    .map(([p, s, wanted, where, length]) => ({
      op: "memremap" as const,
      proc: p,
      slot: s,
      mode: wanted,
      ...where,
      pages: length,
    })),
  fc.record({ op: fc.constant("memunmap" as const), proc, slot }),
  fc.record({
    op: fc.constant("memremap-pages" as const),
    proc,
    slot,
    type: fc.constantFrom(...DRIVER_OPS["memremap-pages"].fields.type.values),
    pfn: fc.constant(0),
    pages: fc.constant(WORLD.pfns),
  }),
  fc.record({ op: fc.constant("memunmap-pages" as const), proc, slot }),
  fc.record({
    op: fc.constant("set-memory" as const),
    proc,
    mode: fc.constantFrom(...DRIVER_OPS["set-memory"].fields.mode.values),
    pfn,
    ram: fc.constant(true),
    pages,
  }),
);

/** System calls that change what a driver has mapped. */
const systemCall: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ op: fc.constant("munmap" as const), proc, at, pages }),
  fc.record({ op: fc.constant("mprotect" as const), proc, at, pages, prot }),
  fc.tuple(proc, at, pages, at).map(([p, from, length, to]) => ({
    op: "mremap" as const,
    proc: p,
    at: from,
    pages: length,
    newPages: length,
    to,
  })),
  fc.record({ op: fc.constant("touch" as const), proc, at, write: fc.boolean() }),
  fc
    .tuple(proc, fc.constantFrom(2, 3))
    .map(([p, child]) => ({ op: "fork" as const, proc: p, child })),
  fc.record({ op: fc.constant("exit" as const), proc }),
);

const idiomOp: fc.Arbitrary<Op> = fc.oneof(
  { weight: 5, arbitrary: mapOp },
  { weight: 4, arbitrary: liveOp },
  { weight: 3, arbitrary: kernelOp },
  { weight: 8, arbitrary: systemCall },
);

/**
 * What the ops of a trace have to meet: live processes, and where each has mappings. Without it
 * most ops of a trace would find nobody, or nothing.
 */
class Meeting {
  private readonly places = new Map<number, number[]>([0, 1].map((p) => [p, []]));

  /** The op as drawn, of a live process; what needs a mapping mostly finds one. */
  bind(op: Op): Op {
    const alive = [...this.places.keys()];
    switch (op.op) {
      case "drv-run":
      case "munmap":
      case "mprotect":
      case "mremap":
      case "touch": {
        const owners = alive.filter((id) => this.places.get(id)?.length !== 0);
        const proc = pick(owners, op.proc) ?? pick(alive, op.proc) ?? 0;
        const place = pick([...(this.places.get(proc) ?? []), undefined], op.at);
        const inside = op.op === "drv-run" ? 0 : op.at >> 2;
        return { ...op, proc, at: place === undefined ? op.at : place + inside };
      }
      default:
        return { ...op, proc: pick(alive, op.proc) ?? 0 };
    }
  }

  /** Keeps in mind what the op has brought or ended. */
  note(op: Op): void {
    const starts = this.places.get(op.proc) ?? [];
    if (op.op === "drv-mmap") starts.push(op.at);
    if (op.op === "mremap" && op.to !== undefined) starts.push(op.to);
    if (op.op === "fork") this.places.set(op.child, [...starts]);
    if (op.op === "exit") this.places.delete(op.proc);
  }
}

function pick<T>(list: readonly T[], draw: number): T | undefined {
  return list[draw % list.length];
}

function traceOf(drawn: readonly Op[]): Trace {
  const ops: Op[] = [0, 1].map((p) => ({ op: "spawn", proc: p }));
  const born = new Set([0, 1]);
  const meeting = new Meeting();
  for (const unbound of drawn) {
    const op = meeting.bind(unbound);
    const child = bornBy(op);
    if ((child !== null && born.has(child)) || opFault(op, WORLD) !== null) continue;
    if (child !== null) born.add(child);
    meeting.note(op);
    ops.push(op);
  }
  for (const p of PROCS) ops.push({ op: "exit", proc: p });
  return { format: "pfndiff/trace@1", name: "idioms", world: WORLD, ops };
}

/**
 * Traces of driver idioms: two processes, up to two more by fork, driver mappings that meet each
 * other and the kernel's own in a few pages, and the system calls that cut and move them. All
 * processes exit at the end. Every trace satisfies traceSchema.
 */
export const idiomTrace: fc.Arbitrary<Trace> = fc
  .array(idiomOp, { minLength: FEWEST_OPS, maxLength: MOST_OPS, size: "max" })
  .map(traceOf);
