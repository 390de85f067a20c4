import { expect, test } from "vitest";
import { diagnose } from "../../kernel/doctor.ts";
import { cachedImages, imageMatches } from "../../kernel/images.ts";

/** The releases that live tests run on: one of each design. */
export const WANTED = ["6.12", "7"] as const;

const REQUIRED = process.env["PFNDIFF_REQUIRE_KERNEL"] === "1";

const missing = (await diagnose()).filter(({ state }) => state === "missing");

/** The wanted releases that can be run here. */
export const RUNNABLE = WANTED.filter(
  (release) => missing.length === 0 && cachedImages().some((image) => imageMatches(image, release)),
);

/** Why some of the wanted releases cannot be run here; empty where all can. */
function whyNot(): string {
  if (missing.length > 0)
    return missing.map(({ detail, mend }) => `${detail} (${mend})`).join("; ");
  return WANTED.filter((release) => !RUNNABLE.includes(release))
    .map((release) => `no image of ${release} is fetched (pfndiff kernel fetch ${release})`)
    .join("; ");
}

/** Says on stderr what is skipped and why; where kernels are required, a skip is a failure. */
export function skipAloud(what: string): void {
  const reason = whyNot();
  if (reason !== "" && !REQUIRED) process.stderr.write(`${what} skipped: ${reason}\n`);
  test("kernels of both designs are there where they are required", () => {
    expect(REQUIRED ? reason : "").toBe("");
  });
}
