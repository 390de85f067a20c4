import type { Op } from "../src/trace/op.ts";
import type { World } from "../src/trace/trace.ts";
import { KernelUnavailable } from "../kernel/unavailable.ts";
import { AnswerSteps, splitAnswer, type Stopped } from "./answer.ts";
import { type Hello, NoStart, ProgramEnded, TreeChild } from "./child.ts";
import { type Asked, type Batch, encodeRequest, RECORD, STOPS } from "./wire.ts";

/** A trace by itself that a program dies of without a word: what it shows is a crash at its first op. */
const CRASHED = "the program was killed";

/**
 * A tree's program as long as it is needed: a child that crashes is replaced, and what it had not
 * answered is asked again. Answers to traces that are known beforehand are fetched in one go.
 */
export class TreeProgram {
  private child: TreeChild | null = null;
  /** Answers that wait, by the ops of their traces. */
  private readonly ahead = new Map<readonly Op[], { world: World; words: Int32Array }>();
  /** Traces that the child has been sent and whose answers nobody has read yet. */
  private sent: readonly Asked[] = [];

  constructor(
    private readonly id: string,
    private readonly path: string,
    private readonly counters: string | null = null,
  ) {}

  /** What the program says of itself; starts it if it does not run. */
  get hello(): Hello {
    return this.running().hello;
  }

  private running(): TreeChild {
    try {
      this.child ??= new TreeChild(this.path, this.counters);
      return this.child;
    } catch (error) {
      if (!(error instanceof NoStart)) throw error;
      const [text = "", ...frames] = error.text.split("\n");
      const backtrace = frames.map((frame) => frame.trim());
      this.refuse({ kind: STOPS[error.why] ?? "unfit", text, backtrace });
      throw new KernelUnavailable(`${this.id} cannot start: ${text}`, "see docs/TREES.md");
    }
  }

  /** Asks for the answers to several traces at once; those of an earlier call are forgotten. */
  prefetch(batch: Batch): void {
    this.announce(batch);
    this.collect();
  }

  /**
   * Sends traces whose answers will be wanted once those that were announced before are through; these are
   * read now, and what was read before them is forgotten.
   */
  announce({ traces, request }: Batch): void {
    this.collect();
    if (traces.length === 0) return;
    try {
      this.running().send(request);
      this.sent = traces;
    } catch (error) {
      if (!(error instanceof ProgramEnded)) throw error;
      this.close();
    }
  }

  /** Reads the answers to what was sent. */
  private collect(): void {
    const traces = this.sent;
    if (traces.length === 0) return;
    this.ahead.clear();
    const answers = this.answersTo(traces);
    for (const [index, { world, ops }] of traces.entries()) {
      const words = answers[index];
      if (words !== undefined) this.ahead.set(ops, { world, words });
    }
  }

  /** The answer to a trace that was announced, or null. */
  announced(world: World, ops: readonly Op[]): Int32Array | null {
    const known = this.ahead.get(ops);
    if (known !== undefined && known.world === world) return known.words;
    if (!this.sent.some((asked) => asked.ops === ops && asked.world === world)) return null;
    this.collect();
    return this.announced(world, ops);
  }

  /** The answer to a trace, which is asked by itself. */
  answerTo(world: World, ops: readonly Op[]): Int32Array {
    this.collect();
    const [words] = this.answersTo([{ world, ops }]);
    if (words === undefined) throw new Error("a trace without an answer");
    return words;
  }

  /** The kernel's functions that each op of a trace passes, in the order of their first calls; none after a stop. */
  passedBy(world: World, ops: readonly Op[]): (readonly string[])[] {
    this.collect();
    const [words] = this.answersTo([{ world, ops, isWatched: true }]);
    if (words === undefined) throw new Error("a trace without an answer");
    const steps = new AnswerSteps().begin(words, world);
    return ops.map(() => {
      steps.next();
      return steps.passed;
    });
  }

  /** Ends the program so that it leaves its counts. */
  async finish(): Promise<void> {
    this.collect();
    await this.child?.finish();
    this.child = null;
  }

  close(): void {
    this.sent = [];
    this.child?.close();
    this.child = null;
  }

  /** The answers to traces, which are asked now unless they were sent before. */
  private answersTo(traces: readonly Asked[]): Int32Array[] {
    const answers: Int32Array[] = [];
    while (answers.length < traces.length) {
      const left = traces.slice(answers.length);
      answers.push(...this.askOnce(left));
    }
    return answers;
  }

  /** The answers to the first of some traces, at least one. */
  private askOnce(traces: readonly Asked[]): Int32Array[] {
    const child = this.running();
    const isSent = this.sent.length > 0;
    this.sent = [];
    try {
      if (!isSent) child.send(encodeRequest(traces));
      const answers = splitAnswer(child.receive());
      const last = answers.at(-1);
      if (last === undefined) return answers;
      if (holds(last, RECORD.STOP)) this.afterStop(last, traces[answers.length - 1]);
      return answers;
    } catch (error) {
      if (!(error instanceof ProgramEnded)) throw error;
      this.close();
      // Nobody knows which of several it was, so each is asked by itself.
      const [first] = traces;
      if (first === undefined) throw error;
      return traces.length === 1 ? [killedAnswer()] : this.askOnce([first]);
    }
  }

  /** The trace could not go on. */
  private afterStop(words: Int32Array, asked: Asked | undefined): void {
    if (asked === undefined) return;
    const steps = new AnswerSteps().begin(words, asked.world);
    while (steps.stopped === null) steps.next();
    this.refuse(steps.stopped);
  }

  /** That the glue does not do for a tree is nobody's finding. */
  private refuse({ kind, text, backtrace }: Stopped): void {
    const where = backtrace.join(" < ");
    if (kind === "stub") {
      throw new KernelUnavailable(
        `${this.id} uses ${text}, for which there is no reviewed stub (${where})`,
        "look at tree/program/stubs.txt, which says what a stub must answer (docs/TREES.md)",
      );
    }
    if (kind === "unfit") {
      throw new KernelUnavailable(`${this.id}: ${text} (${where})`, "see docs/TREES.md");
    }
  }
}

function holds(words: Int32Array, kind: number): boolean {
  for (let at = 0; at < words.length; at += 2 + (words[at + 1] as number)) {
    if (words[at] === kind) return true;
  }
  return false;
}

function killedAnswer(): Int32Array {
  const text = new TextEncoder().encode(CRASHED);
  const length = Math.ceil((text.length + 1) / 4);
  const stop = STOPS.indexOf("crash");
  const head = [RECORD.TRACE, 1, 0, RECORD.STEP, 1, 0, RECORD.STOP, 1 + length, stop];
  const words = new Int32Array(head.length + length);
  words.set(head);
  new Uint8Array(words.buffer).set(text, head.length * 4);
  return words;
}
