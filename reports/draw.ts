import { SHORT_MODE } from "../src/pat/cachemode.ts";
import type { Replay, ReplayStep } from "../src/replay.ts";
import { mappedRuns } from "../src/trace/mapped.ts";
import type { Step, VmaState } from "../src/trace/recording.ts";
import { eventText, opText, resultText } from "./optext.ts";
import { pad } from "./paint.ts";

/** Maps wider than this say nothing at a glance; the rest is cut and marked. */
const WIDEST_MAP = 32;
const LABEL = 5;

/**
 * Draws a replay as address maps, one block per op, the sides next to each other. A process is
 * a row of its virtual pages, each showing the pfn it maps (base 36), "R" for RAM, "-" where its
 * VMA maps nothing of the region, or "."; a reservation is a
 * row of physical pages, "#" where it holds. Lines that differ between the sides are marked "!".
 */
export function drawReplay(replay: Replay): string[] {
  const extent = extentOf(replay);
  const width = Math.max(extent.vpages, extent.pfns, 12) + LABEL + 3;
  return [
    `    ${pad("before", width)} after`,
    ...replay.steps.flatMap((step) => drawStep(step, extent, width)),
  ];
}

/** How many virtual and physical pages the maps show. */
interface Extent {
  readonly vpages: number;
  readonly pfns: number;
}

function extentOf(replay: Replay): Extent {
  const states = replay.steps.flatMap((step) => [step.before, step.after]);
  const vmas = states.flatMap((state) => Object.values(state.vmas).flat());
  const entries = states.flatMap((state) => state.memtype);
  const most = (ends: number[]) =>
    Math.min(
      WIDEST_MAP,
      ends.reduce((a, b) => Math.max(a, b), 1),
    );
  return {
    vpages: most(vmas.map((vma) => vma.end)),
    pfns: most([
      ...vmas
        .flatMap(mappedRuns)
        .flatMap(({ pfn, pages, ram }) => (ram === true ? [] : [pfn + pages])),
      ...entries.map((entry) => entry.end),
    ]),
  };
}

function drawStep(step: ReplayStep, extent: Extent, width: number): string[] {
  const before = resultText(step.before.result);
  const after = resultText(step.after.result);
  const result = before === after ? before : `${before} before, ${after} after`;
  const left = sideLines(step.before, extent);
  const right = sideLines(step.after, extent);
  const rows = Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
    const [a, b] = [left[index] ?? "", right[index] ?? ""];
    return `${a === b ? "   " : "  !"} ${pad(a, width)} ${b}`.trimEnd();
  });
  return [
    `  ${step.index}: ${opText(step.op)}  ${result === "ok" ? "" : result}`.trimEnd(),
    ...rows,
    ...logLines(step),
  ];
}

/** What the kernel logged: too long for a lane, so each message has a line of its own. */
function logLines({ before, after }: ReplayStep): string[] {
  const texts = (state: Step) => state.events.map(eventText);
  if (texts(before).join("\n") === texts(after).join("\n")) {
    return texts(before).map((text) => `    log: ${text}`);
  }
  return [
    ...texts(before).map((text) => `  ! log before: ${text}`),
    ...texts(after).map((text) => `  ! log after: ${text}`),
  ];
}

/** One side's maps after one op. */
function sideLines(state: Step, extent: Extent): string[] {
  const processes = Object.entries(state.vmas).map(([proc, vmas]) => {
    const cells = Array.from({ length: extent.vpages }, (_, page) => {
      const vma = vmas.find((candidate) => candidate.start <= page && page < candidate.end);
      return vma === undefined ? "." : pageMark(vma, page);
    });
    return `${pad(`p${proc}`, LABEL)} ${cells.join("")}`;
  });
  const reservations = state.memtype.map((entry) => {
    const cells = Array.from({ length: extent.pfns }, (_, pfn) =>
      entry.start <= pfn && pfn < entry.end ? "#" : ".",
    );
    return `${pad(SHORT_MODE[entry.type], LABEL)} ${cells.join("")}`;
  });
  return [...processes, ...reservations];
}

/** What a page of a VMA maps, by its page table where the side shows it. */
function pageMark(vma: VmaState, page: number): string {
  const run = mappedRuns(vma).find(({ at, pages }) => at <= page && page < at + pages);
  if (run === undefined) return "-";
  return run.ram === true ? "R" : pfnMark(run.pfn + page - run.at);
}

function pfnMark(pfn: number): string {
  return (pfn % 36).toString(36);
}
