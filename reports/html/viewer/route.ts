import { isLink } from "../../../src/trace/link.ts";
import type { ReportFinding } from "../../data.ts";

/** What the address says to show. `step` is null where the link names none. */
export type Route =
  | {
      readonly page: "front";
      readonly search: boolean;
      /** A fragment that names a filter, or null. */
      readonly filter: string | null;
    }
  | { readonly page: "claims" }
  | { readonly page: "arena" }
  | { readonly page: "coverage" }
  | { readonly page: "matrix" }
  /** Which schedule, from 0, or null for all of them. */
  | { readonly page: "races"; readonly shown: number | null }
  | { readonly page: "sandbox"; readonly address: string }
  | { readonly page: "finding"; readonly signature: string; readonly step: number | null };

const RACES = /^#\/races(?:\/(\d{1,6}))?$/;
const FINDING = /^#\/finding\/([^/]+)(?:\/step\/(\d+))?$/;

/** The route of a URL fragment; anything unknown is the front page. */
export function routeOf(hash: string): Route {
  if (hash === CLAIMS_HASH) return { page: "claims" };
  if (hash === MATRIX_HASH) return { page: "matrix" };
  if (hash === ARENA_HASH) return { page: "arena" };
  if (hash === COVERAGE_HASH) return { page: "coverage" };
  const races = RACES.exec(hash);
  if (races !== null)
    return { page: "races", shown: races[1] === undefined ? null : Number(races[1]) };
  if (isLink(hash)) return { page: "sandbox", address: hash };
  const match = FINDING.exec(hash);
  const signature = match?.[1] === undefined ? null : decoded(match[1]);
  if (match === null || signature === null) {
    const filter = hash.startsWith(`${FRONT_HASH}?`) ? hash : null;
    return { page: "front", search: hash === SEARCH_HASH, filter };
  }
  return { page: "finding", signature, step: match[2] === undefined ? null : Number(match[2]) };
}

/** The fragment that leads to a finding, and to a step of it when one is given. */
export function findingHash(finding: Pick<ReportFinding, "signature">, step?: number): string {
  const id = encodeURIComponent(finding.signature).replaceAll("%3A", ":");
  return step === undefined ? `#/finding/${id}` : `#/finding/${id}/step/${step}`;
}

/** The fragment that leads to a schedule of two tasks. */
export const raceHash = (index: number) => `${RACES_HASH}/${index}`;

export const RACES_HASH = "#/races";
export const CLAIMS_HASH = "#/claims";
export const ARENA_HASH = "#/arena";
export const COVERAGE_HASH = "#/coverage";
export const MATRIX_HASH = "#/matrix";
export const FRONT_HASH = "#/";
/** The front page with the search field in focus. */
export const SEARCH_HASH = "#/search";

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
