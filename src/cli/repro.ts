import { cProgram } from "../../reports/repro/c.ts";
import type { ReproInput } from "../../reports/repro/input.ts";
import { kselftestProgram } from "../../reports/repro/kselftest.ts";
import { type MailOptions, mailText } from "../../reports/repro/mail.ts";
import { kselftestPatch } from "../../reports/repro/patch.ts";
import { closedOrders, type RecordedOrder, raceStress } from "../../reports/repro/race.ts";
import { raceProgram } from "../../reports/repro/racec.ts";
import { reproProgram } from "../../reports/repro/program.ts";
import { syzProgram } from "../../reports/repro/syz.ts";
import { replayCommand } from "../../reports/view.ts";
import { assertNever } from "../assertnever.ts";
import type { JudgedFinding } from "../oracle/finding.ts";
import type { ScheduleDocument } from "../races/document.ts";
import type { Race } from "../trace/race.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { type Pair, withPair } from "./backends.ts";
import { recorderOf, replayOn } from "./bothsides.ts";
import { givenTrace } from "./given.ts";
import { EXIT, type Io } from "./io.ts";
import type { ReproFormat } from "./reproformats.ts";
import { reproInput } from "./reproinput.ts";

export interface ReproOptions {
  readonly format: ReproFormat;
  readonly signature?: string;
  readonly before?: string;
  readonly after?: string;
  /** Where a syz program's window is: a file, its physical address, and the offset in it. */
  readonly device: string;
  readonly base: number;
  readonly offset: number;
}

/** Prints a program or a mail that shows one finding of a trace, which is judged again. */
export async function repro(io: Io, file: string, options: ReproOptions): Promise<number> {
  const { trace, sides, reason, ref, race, recorded } = await givenTrace(io, file, options, true);
  if (race !== undefined) {
    if (options.format !== "c") {
      throw new UserError(`--format ${options.format}: two tasks are made into C alone`);
    }
    await io.out(await withPair(sides, (pair) => stressOf(pair, race, recorded)));
    return EXIT.ok;
  }
  const input = await withPair(sides, async (pair) => {
    const { findings } = await replayOn(pair, trace);
    return chosen(pair, trace, findings, options.signature);
  });
  const mail: MailOptions = {
    command: replayCommand(file),
    references: ref === undefined ? [] : [ref],
    ...(reason === undefined ? {} : { reason }),
  };
  await io.out(render(input, options, mail));
  return EXIT.ok;
}

/** A stress program of two tasks, which knows what orders of whole ops give on both sides. */
async function stressOf(
  pair: Pair,
  race: Race,
  recorded: ScheduleDocument | undefined,
): Promise<string> {
  const orders: RecordedOrder[] = [];
  for (const { order, trace } of closedOrders(race)) {
    for (const backend of [pair.before, pair.after]) {
      orders.push({ order, recording: await recorderOf(backend)(trace) });
    }
  }
  return raceProgram(raceStress(race, orders, recorded?.outcome ?? null));
}

function render(input: ReproInput, options: ReproOptions, mail: MailOptions): string {
  const { format, device, base, offset } = options;
  switch (format) {
    case "c":
      return cProgram(input);
    case "kselftest":
      return kselftestProgram(input);
    case "patch":
      return kselftestPatch(input, mail);
    case "syz":
      return syzProgram(input, { file: device, base, offset });
    case "mail":
      return mailText(input, mail);
    default:
      return assertNever(format);
  }
}

/** The finding that was asked for, or that the trace is named for, or the first one visible. */
async function chosen(
  pair: Pair,
  trace: Trace,
  findings: readonly JudgedFinding[],
  asked: string | undefined,
): Promise<ReproInput> {
  const shown = [...new Set(findings.map(({ signature }) => signature))];
  const wanted = asked ?? (shown.includes(trace.name) ? trace.name : undefined);
  const found = findings.filter(({ signature }) => wanted === undefined || signature === wanted);
  const inputs = await Promise.all(found.map((finding) => reproInput(pair, { ...finding, trace })));
  const [first] = inputs;
  if (first !== undefined) return inputs.find(isVisible) ?? first;
  const list = shown.length === 0 ? "it shows none" : `it shows ${shown.join(", ")}`;
  const what = wanted === undefined ? "a finding" : JSON.stringify(wanted);
  const between = `between ${pair.before.id} and ${pair.after.id}`;
  throw new UserError(`the trace does not show ${what} ${between} (${list})`);
}

/** Whether user space can see it. */
function isVisible(input: ReproInput): boolean {
  try {
    reproProgram(input);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
