import { useLayoutEffect } from "preact/hooks";
import type { ReportFinding } from "../../data.ts";
import { openingStep } from "./difference.ts";
import { FRONT_HASH, findingHash, routeOf, SEARCH_HASH } from "./route.ts";

/** What the keys act on. */
export interface KeyContext {
  readonly all: readonly ReportFinding[];
  /** Those that the filter lets pass, in the order in which j and k walk. */
  readonly shown: readonly ReportFinding[];
  readonly onHelp: () => void;
}

/** Listens for the viewer's keys, except while someone types or a dialog is open. */
export function useKeys(context: KeyContext): void {
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open]") !== null) return;
      if (isTyping(event.target)) {
        if (event.key === "Escape" && event.target instanceof HTMLElement) event.target.blur();
        return;
      }
      if (act(event.key, context)) event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [context]);
}

/** Whether a key is for a field that somebody fills in. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select");
}

/** Does what a key asks; false when it means nothing here. */
function act(key: string, context: KeyContext): boolean {
  switch (key) {
    case "j":
      return walk(context, 1);
    case "k":
      return walk(context, -1);
    case "n":
      return goToNew(context);
    case "/":
      return search();
    case "u":
      location.hash = FRONT_HASH;
      return true;
    case "?":
      context.onHelp();
      return true;
    case "ArrowLeft":
      return stepBy(context, -1);
    case "ArrowRight":
      return stepBy(context, 1);
    default:
      return false;
  }
}

/**
 * The finding that the address names now: keys may come faster than pages are drawn.
 */
function openFinding({ all }: KeyContext): ReportFinding | undefined {
  const route = routeOf(location.hash);
  if (route.page !== "finding") return undefined;
  return all.find((finding) => finding.signature === route.signature);
}

/** The findings among which a finding has neighbours: one that the filter hides has some too. */
export function walkOrder(
  { all, shown }: Pick<KeyContext, "all" | "shown">,
  finding: ReportFinding | undefined,
): readonly ReportFinding[] {
  return finding === undefined || shown.includes(finding) ? shown : all;
}

/** On a finding: opens its neighbour. On the front page: moves the focus along the list. */
function walk(context: KeyContext, by: number): boolean {
  const finding = openFinding(context);
  if (finding === undefined) return focusRow(focusedRow() + by);
  const order = walkOrder(context, finding);
  return open(order[order.indexOf(finding) + by]);
}

function open(finding: ReportFinding | undefined): boolean {
  if (finding === undefined) return false;
  location.hash = findingHash(finding);
  return true;
}

function goToNew(context: KeyContext): boolean {
  const finding = openFinding(context);
  const order = walkOrder(context, finding);
  const from = finding === undefined ? focusedRow() : order.indexOf(finding);
  const isNew = (one: ReportFinding) => one.status === "new";
  const later = order.findIndex((one, index) => index > from && isNew(one));
  const at = later >= 0 ? later : order.findIndex(isNew);
  return finding === undefined ? at >= 0 && focusRow(at) : open(order[at]);
}

/** Shows another step; the address is replaced, so that "back" leaves the finding. */
function stepBy(context: KeyContext, by: number): boolean {
  const finding = openFinding(context);
  const route = routeOf(location.hash);
  if (finding === undefined || route.page !== "finding") return false;
  showStep(finding, (route.step ?? openingStep(finding)) + by);
  return true;
}

/** Shows a step of a finding if it has one of that number. */
export function showStep(finding: ReportFinding, step: number): void {
  if (step < 0 || step >= finding.trace.ops.length) return;
  location.replace(findingHash(finding, step));
}

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-row]")];
}

function focusedRow(): number {
  return rows().findIndex((row) => row === document.activeElement);
}

function focusRow(index: number): boolean {
  const list = rows();
  const row = list[Math.max(0, Math.min(index, list.length - 1))];
  row?.focus();
  row?.scrollIntoView({ block: "nearest" });
  return row !== undefined;
}

function search(): boolean {
  const field = document.querySelector<HTMLInputElement>("#search");
  if (field === null) location.hash = SEARCH_HASH;
  else field.focus();
  return true;
}
