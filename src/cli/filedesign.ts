import { z } from "zod";
import { legacySpec } from "../../legacy/index.ts";
import { LEGACY_PROFILES, type LegacyRelease } from "../../legacy/profiles.ts";
import { modernSpec } from "../../modern/index.ts";
import { MODERN_PROFILES, type ModernRelease } from "../../modern/profiles.ts";
import type { DesignMachine, MakeTracking, Release, TrackedContext } from "../design.ts";
import { ERRNOS, type Outcome } from "../mm/errno.ts";
import type { Mm } from "../mm/mm.ts";
import type { DupReason, PfnTracking, UnmapReason } from "../mm/tracking.ts";
import type { Vma } from "../mm/vma.ts";
import { type ModelBackend, modelBackend } from "../model/backend.ts";
import type { ShownContext } from "../model/contextwatch.ts";
import { explain } from "../trace/read.ts";
import type { World } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { messageOf } from "./fileload.ts";
import { isMode, isObject, kernelView, rangesView, Refusal, Views } from "./designviews.ts";

const HOOKS = [
  "remap",
  "remapFailed",
  "dup",
  "copy",
  "copyFailed",
  "unmap",
  "moved",
  "free",
] as const satisfies readonly (keyof PfnTracking)[];

function isLegacy(release: Release): release is LegacyRelease {
  return release in LEGACY_PROFILES;
}

const RELEASES: readonly Release[] = [
  ...(Object.keys(LEGACY_PROFILES) as LegacyRelease[]),
  ...(Object.keys(MODERN_PROFILES) as ModernRelease[]),
];

type ContextOf = NonNullable<DesignMachine["contextOf"]>;
type HasVmPat = NonNullable<DesignMachine["hasVmPat"]>;

/** What a hook is given after its first argument. */
type Rest<F> = F extends (first: never, ...rest: infer R) => unknown ? R : never;

const functionSchema = <F>() => z.custom<F>((f) => typeof f === "function", "is no function");

const machineSchema = z.strictObject({
  release: z.enum(RELEASES).exactOptional(),
  eraseByEnd: z.boolean().exactOptional(),
  contextOf: functionSchema<ContextOf>().exactOptional(),
  hasVmPat: functionSchema<HasVmPat>().exactOptional(),
});

/** The machine that a module names, checked: its release, its list, and what steps show of VMAs. */
function machineOf(id: string, made: Function): DesignMachine {
  const named: unknown = called(id, "machine", () => Reflect.get(made, "machine")) ?? {};
  const parsed = machineSchema.safeParse(named);
  if (parsed.success) return parsed.data;
  const [path, message] = explain(parsed.error, named);
  throw new UserError(`${id}: machine${path === "" ? "" : `.${path}`} ${message}`);
}

/**
 * A design of the user's own, of the class or function that makes it, as a model. What it does
 * wrong is the user's error, which names the hook.
 */
export function designBackend(id: string, made: Function): ModelBackend {
  const named = machineOf(id, made);
  const { release = "7.2", contextOf, hasVmPat } = named;
  const shipped = isLegacy(release) ? legacySpec(release) : modernSpec(release);
  const design = hasVmPat === undefined ? "kref" : "vm-pat";
  const modelIn = ({ pfns, regions = [] }: World): ModelBackend => {
    let watched: Watched | null = null;
    return modelBackend(id, design, {
      profile: shipped.profile,
      eraseByEnd: named.eraseByEnd ?? shipped.eraseByEnd,
      hidesState: Reflect.get(made, "restorable") !== true,
      tracking: (ranges, log, kernel) => {
        const parts = [
          rangesView(ranges, [pfns, ...regions.map((each) => each.pfns)]),
          log,
          kernelView(kernel),
        ] as const;
        watched = new Watched(id, makeTracking(id, made, ...parts));
        return watched;
      },
      ...(contextOf && { contextOf: (vma) => watched?.contextOf(vma, contextOf) ?? null }),
      ...(hasVmPat && { hasVmPat: (vma) => watched?.hasVmPat(vma, hasVmPat) === true }),
    });
  };
  const recordSync: ModelBackend["recordSync"] = (trace, options) =>
    modelIn(trace.world).recordSync(trace, options);
  return {
    id,
    design,
    machine: (world, watcher) => modelIn(world).machine(world, watcher),
    recordSync,
    record: async (trace) => recordSync(trace),
  };
}

/** Calls what is the module's; what it throws is the user's error, and so is what it was refused. */
function called<T>(id: string, what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof Refusal) throw new UserError(`${id}: ${error.message}, in ${what}`);
    throw new UserError(`${id}: ${what} threw: ${messageOf(error)}`);
  }
}

/** Calls the user's class or function; what it makes must have the hooks. */
function makeTracking(id: string, made: Function, ...parts: Parameters<MakeTracking>): PfnTracking {
  const prototype: unknown = made.prototype;
  const isClass = isObject(prototype) && typeof Reflect.get(prototype, "remap") === "function";
  const tracking: unknown = called(id, "making the tracking", () =>
    isClass ? Reflect.construct(made, parts) : Reflect.apply(made, undefined, parts),
  );
  if (hasHooks(tracking)) return tracking;
  const missing = HOOKS.filter(
    (hook) => !isObject(tracking) || typeof Reflect.get(tracking, hook) !== "function",
  );
  throw new UserError(`${id}: the tracking lacks ${missing.join(", ")}`);
}

function hasHooks(value: unknown): value is PfnTracking {
  return isObject(value) && HOOKS.every((hook) => typeof Reflect.get(value, hook) === "function");
}

const KNOWN_ERRNOS: ReadonlySet<unknown> = new Set(ERRNOS);

function isOutcome(value: unknown): value is Outcome {
  return value === null || KNOWN_ERRNOS.has(value);
}

/** A context of the user's own, with what the check counts beside it. */
class CountedContext implements ShownContext {
  counted = 0;
  isBad = false;

  constructor(private readonly context: TrackedContext) {}

  get pfn() {
    return this.context.pfn;
  }

  get pages() {
    return this.context.pages;
  }

  get kref() {
    return this.context.kref;
  }
}

/** A module's tracking with every hook watched: what it is shown, what it throws, what it returns. */
class Watched implements PfnTracking {
  // Private to the language too: what is only a view of the machine is no state of the design's.
  readonly #views = new Views();
  readonly #contexts = new WeakMap<TrackedContext, CountedContext>();

  constructor(
    private readonly id: string,
    private readonly tracking: PfnTracking,
  ) {}

  remap(vma: Vma, ...[wanted, granted, pfn]: Rest<PfnTracking["remap"]>): Outcome {
    const view = this.#views.vma(vma);
    const outcome = this.answer("remap", () => this.tracking.remap(view, wanted, granted, pfn));
    if (isMode(granted.mode)) return outcome;
    throw new UserError(
      `${this.id}: remap() granted ${String(granted.mode)}, which is no cache mode`,
    );
  }

  remapFailed(vma: Vma, ...args: Rest<PfnTracking["remapFailed"]>): void {
    this.call("remapFailed", () => this.tracking.remapFailed(this.#views.vma(vma), ...args));
  }

  /** A module whose dup() says nothing has succeeded. */
  dup(copy: Vma, original: Vma, reason: DupReason): Outcome {
    const { tracking } = this;
    const [made, of] = [this.#views.vma(copy), this.#views.vma(original)];
    return this.answer("dup", () => tracking.dup(made, of, reason) ?? null);
  }

  dontfork(vma: Vma): void {
    if (this.tracking.dontfork === undefined) return;
    this.call("dontfork", () => this.tracking.dontfork?.(this.#views.vma(vma)));
  }

  copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome {
    const args = this.forked(childVma, parent, parentVma);
    return this.answer("copy", () => this.tracking.copy(...args));
  }

  copyFailed(childVma: Vma, parent: Mm, parentVma: Vma): void {
    const args = this.forked(childVma, parent, parentVma);
    this.call("copyFailed", () => this.tracking.copyFailed(...args));
  }

  unmap(mm: Mm, vma: Vma, reason: UnmapReason): void {
    const views = this.#views;
    this.call("unmap", () => this.tracking.unmap(views.mm(mm), views.vma(vma), reason));
  }

  moved(vma: Vma): void {
    this.call("moved", () => this.tracking.moved(this.#views.vma(vma)));
  }

  free(vma: Vma): void {
    this.call("free", () => this.tracking.free(this.#views.vma(vma)));
  }

  /** What the module says that a VMA holds, always the same object for the same context. */
  contextOf(vma: Vma, contextOf: ContextOf): ShownContext | null {
    const context: unknown = this.call("machine.contextOf", () => contextOf(this.#views.vma(vma)));
    if (context === null || context === undefined) return null;
    if (!isContext(context)) {
      throw new UserError(
        `${this.id}: machine.contextOf() returned what has not the numbers pfn, pages and kref`,
      );
    }
    const known = this.#contexts.get(context);
    if (known !== undefined) return known;
    const counted = new CountedContext(context);
    this.#contexts.set(context, counted);
    return counted;
  }

  hasVmPat(vma: Vma, hasVmPat: HasVmPat): boolean {
    return this.call("machine.hasVmPat", () => hasVmPat(this.#views.vma(vma))) === true;
  }

  private forked(childVma: Vma, parent: Mm, parentVma: Vma) {
    const views = this.#views;
    return [views.vma(childVma), views.mm(parent), views.vma(parentVma)] as const;
  }

  private call(hook: string, call: () => unknown): unknown {
    const value = called(this.id, `${hook}()`, call);
    if (!(value instanceof Promise)) return value;
    // The hook is refused; what becomes of its promise must not end the program first.
    value.then(undefined, () => undefined);
    throw new UserError(`${this.id}: ${hook}() returned a promise; a hook answers at once`);
  }

  private answer(hook: string, call: () => unknown): Outcome {
    const value = this.call(hook, call);
    if (isOutcome(value)) return value;
    const shown = JSON.stringify(value) ?? String(value);
    throw new UserError(
      `${this.id}: ${hook}() returned ${shown}, which is neither null nor an errno`,
    );
  }
}

function isContext(context: unknown): context is TrackedContext {
  return (
    isObject(context) &&
    ["pfn", "pages", "kref"].every((name) => typeof Reflect.get(context, name) === "number")
  );
}
