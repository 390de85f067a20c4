import * as fc from "fast-check";
import { simplerTraces } from "../../fuzz/shrink.ts";
import { SOURCES, type SourceName, type TraceSource } from "../../fuzz/sources.ts";
import { type Trace, traceSchema, type World, worldSchema } from "../trace/trace.ts";

/** The traces of a campaign as fast-check's, which shrink as a campaign shrinks them. */
class TraceArbitrary extends fc.Arbitrary<Trace> {
  private readonly source: TraceSource;

  constructor(source: TraceSource) {
    super();
    this.source = source;
  }

  override generate(random: fc.Random): fc.Value<Trace> {
    const trace = this.source(random.nextInt(0, 0x7fffffff), random.nextInt(0, 0x7fffffff));
    return new fc.Value({ ...trace, name: "" }, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Trace {
    return traceSchema.safeParse(value).success;
  }

  override shrink(trace: Trace): fc.Stream<fc.Value<Trace>> {
    return fc.stream(simplerTraces(trace)).map((simpler) => new fc.Value(simpler, undefined));
  }
}

/**
 * Traces as a campaign draws them, a mixture unless `source` says `plain`, `faults` or `idioms`.
 * They shrink as its findings do: ops go first, then processes, then numbers become small.
 */
export function traceArbitrary(
  options: { readonly source?: SourceName } = {},
): fc.Arbitrary<Trace> {
  return new TraceArbitrary(SOURCES[options.source ?? "mixed"]);
}

/** Worlds of at most so many pages, of both regions; they shrink to one page of a device. */
export function worldArbitrary(options: { readonly pages?: number } = {}): fc.Arbitrary<World> {
  const { pages = 16 } = options;
  const size = fc.integer({ min: 1, max: pages });
  const mtrr = fc.constantFrom(...worldSchema.shape.mtrr.options);
  return fc.record({ pfns: size, vpages: size, mtrr });
}
