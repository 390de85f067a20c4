import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { CALL_CODE, DRIVER_CODE } from "../../kernel/driverwire.ts";
import { MUTANTS, mutantPair } from "../../src/cli/mutantlist.ts";
import { modelNamed } from "../../src/models.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import { ALLOCATION_SITES } from "../../src/pat/kernelstate.ts";
import type { Field } from "../../src/trace/fields.ts";
import { type Op, rowOf, SYSCALL_KINDS } from "../../src/trace/op.ts";
import { opSchema } from "../../src/trace/opschema.ts";
import { ISA_PAGES } from "../../src/trace/isawindow.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { RECORD, WIRE } from "../../tree/wire.ts";
import { answerOf, textRecord } from "./answers.ts";

/*
 * What a tree's program is to pfndiff, with a model in place of the kernel's code: `node PROGRAM MODEL`, where MODEL
 * is the id of a model or of a planted fault. A trace that is watched passes "mmap_region" and "patched".
 */

const COMMON = ["proc", "at", "pages"];

/** An op of a request, which is what putOp() (kernel/wire.ts) wrote; of a driver's, one that changes nothing. */
function opIn(words: Int32Array): Op {
  if ((words[0] as number) >= DRIVER_CODE) return { op: "peek", proc: words[1] as number, at: 0 };
  const kind = SYSCALL_KINDS[words[0] as number];
  if (kind === undefined) throw new Error(`there is no op ${words[0]}`);
  const values: Record<string, unknown> = { op: kind };
  let at = 4;
  const marks: string[] = [];
  for (const [name, field] of Object.entries<Field>(rowOf(kind).fields)) {
    const common = COMMON.indexOf(name);
    if (common >= 0) {
      values[name] = words[1 + common];
      continue;
    }
    if (field.role === "flag" && field.optional) {
      marks.push(name);
      continue;
    }
    const isThere = !("optional" in field && field.optional) || words[at++] === 1;
    const word = words[at++];
    if (!isThere) continue;
    if (field.role === "choice") values[name] = field.values[word as number];
    else values[name] = field.role === "flag" ? word === 1 : word;
  }
  for (const [bit, name] of marks.entries()) {
    if (((words[at] as number) & (1 << bit)) !== 0) values[name] = true;
  }
  const site = words[WIRE.OP_WORDS - 2] as number;
  if (site > 0) {
    values["fault"] = { at: ALLOCATION_SITES[site - 1], nth: words[WIRE.OP_WORDS - 1] };
  }
  return opSchema.parse(values);
}

/** The traces of a request, and whether each is watched. */
function tracesIn(words: Int32Array): { trace: Trace; isWatched: boolean }[] {
  const traces = [];
  for (let at = 0; at < words.length; ) {
    const [pfns = 0, vpages = 0, kind = 0, maps = 0, count = 0] = words.subarray(at);
    at += WIRE.TRACE_WORDS;
    const ops = Array.from({ length: count }, (_, index) =>
      words.subarray(at + index * WIRE.OP_WORDS, at + (index + 1) * WIRE.OP_WORDS),
    )
      .filter(([code = 0]) => code < CALL_CODE)
      .map(opIn);
    at += count * WIRE.OP_WORDS;
    const mtrr: Trace["world"]["mtrr"] = (kind & 1) === 1 ? "write-back" : "uncached";
    const world: Trace["world"] = { pfns, vpages, mtrr, ...(maps === 0 ? {} : { maps }) };
    if ((kind & 8) !== 0) world.pat = false;
    if (kind >> 8 !== 0) world.isa = (kind >> 8) - ISA_PAGES;
    const trace: Trace = { format: "pfndiff/trace@1", name: "asked", world, ops };
    traces.push({ trace, isWatched: (kind & 2) !== 0 });
  }
  return traces;
}

/** The pipes come open both ways: who holds an end for writing never sees the other go. */
const [requests, answers] = [openSync("/proc/self/fd/0", "r"), openSync("/proc/self/fd/1", "w")];
for (const both of [0, 1]) closeSync(both);

function read(count: number): Int32Array {
  const words = new Int32Array(count);
  const bytes = new Uint8Array(words.buffer);
  for (let at = 0; at < bytes.length; ) {
    const got = readSync(requests, bytes, at, bytes.length - at, null);
    if (got === 0) process.exit(0);
    at += got;
  }
  return words;
}

function write(words: readonly number[]): void {
  const bytes = new Uint8Array(Int32Array.from(words).buffer);
  for (let at = 0; at < bytes.length; ) at += writeSync(answers, bytes, at);
}

function modelOf(id: string): ModelBackend {
  const mutant = MUTANTS.find((one) => one.id === id);
  const model = mutant === undefined ? modelNamed(id) : mutantPair(mutant).mutant;
  if (model === undefined) throw new Error(`there is no model ${id}`);
  return model;
}

/** Every step of a watched answer says what it passed. */
function watched(words: readonly number[]): number[] {
  const passed = textRecord(RECORD.PASSED, 0, "mmap_region.isra.0 patched track_pfn_remap");
  const steps: number[] = [];
  for (let at = 0; at < words.length; ) {
    const end = at + 2 + (words[at + 1] as number);
    steps.push(...words.slice(at, end), ...(words[at] === RECORD.STEP ? passed : []));
    at = end;
  }
  return steps;
}

const model = modelOf(process.argv[2] ?? "");
write([
  WIRE.HELLO_MAGIC,
  WIRE.WIRE_VERSION,
  (6 << 16) | (12 << 8),
  model.design === "vm-pat" ? 1 : 0,
]);
for (;;) {
  const [length = 0] = read(1);
  const words = tracesIn(read(length)).flatMap(({ trace, isWatched }) => {
    const answer = answerOf(model.recordSync(trace, { contexts: true }));
    return isWatched ? watched(answer) : answer;
  });
  write([words.length, ...words]);
}
