import type { ProcLedger } from "../oracle/areas.ts";
import { RecordingFeed } from "../oracle/feed.ts";
import { entryMode, NOTHING, type Observed, vmaAt } from "../oracle/observed.ts";
import { SideOracle } from "../oracle/side.ts";
import type { Unit } from "../oracle/unit.ts";
import type { CacheMode } from "../pat/cachemode.ts";
import type { Op } from "../trace/op.ts";
import type {
  Asked,
  Grant,
  KernelMap,
  Memtype,
  Recording,
  RecordingStream,
  Request,
  Step,
  VmaState,
} from "../trace/recording.ts";
import { derivedRequests, inTheWay } from "./derive.ts";
import { Before, modeOf } from "./standing.ts";
import { whatWorks } from "./works.ts";

/**
 * The recording with what every mapping of every step asked for, what it got, and because of what.
 * What a backend tells (`requests`) is taken as told; without that it is derived from the list's
 * changes. Which request a page's mapping comes from, and whose a reservation is, the oracle's ledger
 * says, of models and kernels alike. Reservations are told apart by value, not by kernel address.
 */
export function explained(recording: Recording): Recording {
  return { ...recording, steps: [...explainedSteps(recording)] };
}

/** The same of a recording that is read step by step. */
export function* explainedSteps({ trace, steps }: RecordingStream): Generator<Step> {
  const side = new SideOracle("before");
  // Nobody reads what this ledger finds: whether the side has VM_PAT is all that it needs steps for.
  const feed = new RecordingFeed({ steps: [] });
  const requests: Request[][] = [];
  const explainer = new Explainer(side, feed, requests);
  let listBefore: readonly Memtype[] = [];
  side.reset(trace.world);
  for (const step of steps) {
    const index = requests.length;
    const op = trace.ops[index] as Op;
    const told = step.requests?.flatMap(({ entries = [] }) => entries);
    const before = new Before(side, trace.ops, told ?? inTheWay(op, listBefore));
    side.judge(op, feed.showStep(step));
    const found = step.requests ?? derivedRequests(side, op, step, listBefore);
    listBefore = step.memtype;
    requests.push(found.map((request) => withWhose(request, before, index)));
    yield explainer.step(step, index);
  }
}

function withWhose(request: Request, before: Before, step: number): Request {
  const { start, end, got, entries } = request;
  if (entries === undefined || request.ram === true) return request;
  const works = got === undefined ? whatWorks(request, entries, request.by === "mixed") : [];
  return {
    ...request,
    entries: entries.map((entry) => before.whose(entry, start, end, step)),
    ...(works.length > 0 ? { works } : {}),
  };
}

/** What was said of a VMA, and of which request. */
interface Said {
  readonly askedAt: number;
  readonly pfn: number;
  readonly vma: VmaState;
}

/** Explains the mappings of each step by the ledger after it. */
class Explainer {
  /** By what the recording has of the VMA; most stay as they are from step to step. */
  private readonly said = new WeakMap<VmaState, Said>();

  constructor(
    private readonly side: SideOracle,
    private readonly seen: Observed,
    /** By step. */
    private readonly requests: readonly (readonly Request[])[],
  ) {}

  step(step: Step, index: number): Step {
    const requests = this.requests[index] as readonly Request[];
    const vmas = Object.entries(step.vmas).map(([id, list]): [string, VmaState[]] => {
      const proc = this.side.procs.living(Number(id));
      const explain = (vma: VmaState) => (proc === null ? vma : this.vma(Number(id), proc, vma));
      return [id, list.map(explain)];
    });
    const { requests: _raw, kernelMaps, ...shown } = step;
    return {
      ...shown,
      vmas: Object.fromEntries(vmas),
      ...(kernelMaps === undefined ? {} : { kernelMaps: kernelMaps.map((map) => this.map(map)) }),
      ...(requests.length > 0 ? { requests: [...requests] } : {}),
    };
  }

  private vma(id: number, proc: ProcLedger, vma: VmaState): VmaState {
    const area = proc.areaAt(vma.start);
    if (area === null || area.end < vma.end) return this.anew(id, proc, vma);
    const { askedAt } = area.unit;
    const pfn = area.pfnAt(vma.start);
    const said = this.said.get(vma);
    if (said?.askedAt === askedAt && said.pfn === pfn) return said.vma;
    const explained = this.anew(id, proc, vma);
    this.said.set(vma, { askedAt, pfn, vma: explained });
    return explained;
  }

  private anew(id: number, proc: ProcLedger, vma: VmaState): VmaState {
    const asked: Asked[] = [];
    for (let at = vma.start; at < vma.end; ) {
      const { grant, end } = this.run(id, proc, at, vma.end);
      const last = asked.at(-1);
      if (grant === null) {
        at = end;
        continue;
      }
      const isSame = last !== undefined && last.at + last.pages === at && areSame(last, grant);
      if (isSame) last.pages += end - at;
      else asked.push({ at, pages: end - at, ...grant });
      at = end;
    }
    return asked.length === 0 ? vma : { ...vma, asked };
  }

  /** What the page at `at` asked for, and how far that is sure to hold; null where nothing is mapped. */
  private run(
    id: number,
    proc: ProcLedger,
    at: number,
    limit: number,
  ): { grant: Grant | null; end: number } {
    const area = proc.areaAt(at);
    if (area === null) return { grant: null, end: at + 1 };
    const pfn = area.pfnAt(at);
    const request = this.requestOf(area.unit, pfn);
    // What a move left behind maps nothing, and nobody asked for it.
    if (request === null && proc.isOff(at)) return { grant: null, end: at + 1 };
    const space = this.seen.space(id);
    const vma = space === null ? null : vmaAt(space, at);
    const entry = vma === null ? NOTHING : this.seen.entryAt(id, vma, at);
    const mapped = entry === NOTHING ? null : modeOf(entryMode(entry));
    const grant = grantOf(area.unit, request, mapped);
    if (mapped !== null) return { grant, end: at + 1 };
    const upTo = request === null ? limit : at + request.end - pfn;
    return { grant, end: proc.runEnd(at, Math.min(limit, area.end, upTo)) };
  }

  private map(map: KernelMap): KernelMap {
    const known = this.side.kernel.mapped.find(
      ({ map: { via, slot } }) => via === map.via && slot === map.slot && map.ram !== true,
    );
    if (known === undefined) return map;
    const { unit, start } = known.area;
    return { ...map, asked: grantOf(unit, this.requestOf(unit, start), map.type) };
  }

  /** The request that mapped a page of a unit, or null where none is known. */
  private requestOf({ askedAt }: Unit, pfn: number): Request | null {
    const made = this.requests[askedAt] ?? [];
    const fits = ({ start, end, ram, got, derived }: Request) =>
      start <= pfn && pfn < end && ram !== true && (got !== undefined || derived === true);
    return made.findLast(fits) ?? null;
  }
}

/** Why pages of a unit have their mode; `mapped` is what the page table shows, or null. */
function grantOf(unit: Unit, request: Request | null, mapped: CacheMode | null): Grant {
  const step = unit.askedAt;
  const got = mapped ?? request?.got ?? null;
  if (request === null) return { step, by: "unknown", ...(got === null ? {} : { got }) };
  const { start: _start, end: _end, ram: _ram, works: _works, ...told } = request;
  if (got === null || got === told.got) return { step, ...told };
  // The page table has another mode than was granted: nothing tells why.
  return { step, ...(told.asked === undefined ? {} : { asked: told.asked }), got, by: "unknown" };
}

/** Whether a run goes on with a grant: the same request, and the same mode. */
function areSame(run: Asked, grant: Grant): boolean {
  const { at: _at, pages: _pages, ...of } = run;
  return (
    of.entries === grant.entries &&
    of.got === grant.got &&
    of.step === grant.step &&
    of.asked === grant.asked &&
    of.by === grant.by
  );
}
