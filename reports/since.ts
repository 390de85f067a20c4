import type { Campaign } from "../fuzz/summary.ts";
import type { CampaignFinding } from "../src/oracle/finding.ts";
import { cleanedData } from "./clean.ts";
import { grouped, percent, plural } from "./numbers.ts";

/** A signature of both campaigns whose share of the runs is another one. */
interface Moved {
  readonly signature: string;
  readonly was: number;
  readonly is: number;
}

/** What differs between two campaigns. */
export interface Since {
  readonly came: readonly CampaignFinding[];
  readonly went: readonly CampaignFinding[];
  /** The same symptom and cause with another verdict. */
  readonly changed: readonly { readonly was: CampaignFinding; readonly is: CampaignFinding }[];
  readonly moved: readonly Moved[];
}

/** So many standard deviations are more than chance, of a hundred signatures at once. */
const BEYOND_CHANCE = 4;

export function since(old: Campaign, now: Campaign): Since {
  const subject = ({ symptom, cause }: CampaignFinding) => `${symptom}:${cause}`;
  const [was, is] = [bySignature(old), bySignature(now)];
  const came = now.findings.filter(({ signature }) => !was.has(signature));
  const went = old.findings.filter(({ signature }) => !is.has(signature));
  const changed = came.flatMap((finding) => {
    const other = went.filter((gone) => subject(gone) === subject(finding));
    return other.length === 1 && other[0] !== undefined ? [{ was: other[0], is: finding }] : [];
  });
  const isChanged = (finding: CampaignFinding) =>
    changed.some((one) => one.was === finding || one.is === finding);
  return {
    came: came.filter((finding) => !isChanged(finding)),
    went: went.filter((finding) => !isChanged(finding)),
    changed,
    moved: now.findings.flatMap((finding) => {
      const before = was.get(finding.signature);
      if (before === undefined) return [];
      const shares = { was: before.count / old.runs, is: finding.count / now.runs };
      const isMoved =
        Math.abs(distance(before.count, old.runs, finding.count, now.runs)) > BEYOND_CHANCE;
      return isMoved ? [{ signature: finding.signature, ...shares }] : [];
    }),
  };
}

const bySignature = ({ findings }: Campaign) =>
  new Map(findings.map((finding) => [finding.signature, finding]));

/** How far apart two shares are, in standard deviations of the shares' common one. */
function distance(few: number, of: number, many: number, ofMany: number): number {
  const common = (few + many) / (of + ofMany);
  const deviation = Math.sqrt(common * (1 - common) * (1 / of + 1 / ofMany));
  return deviation === 0 ? 0 : (many / ofMany - few / of) / deviation;
}

/** What came, went and changed, as markdown. */
export function sinceMarkdown(rawOld: Campaign, rawNow: Campaign): string {
  const [old, now] = [cleanedData(rawOld), cleanedData(rawNow)];
  const { came, went, changed, moved } = since(old, now);
  const found = ({ signature, detail, count }: CampaignFinding) =>
    `- \`${signature}\` in ${plural(count, "run")}: ${escaped(detail)}`;
  const blocks = [
    `# pfndiff: what changed between two campaigns`,
    [`- then: ${ranText(old)}`, `- now: ${ranText(now)}`].join("\n"),
    ...section("Came", came.map(found)),
    ...section("Went", went.map(found)),
    ...section(
      "Other verdict",
      changed.map(({ was, is }) => `- \`${was.signature}\` is now \`${is.signature}\``),
    ),
    ...section(
      "Seen more, or less, than chance makes it",
      moved.map(
        ({ signature, was, is }) =>
          `- \`${signature}\` in ${percent(was)} of the runs, now in ${percent(is)}`,
      ),
    ),
    caveat(old, now),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [`## ${title}: nothing`] : [`## ${title}`, lines.join("\n")];
}

function ranText({ before, after, seed, runs, digest }: Campaign): string {
  return `${escaped(before)} against ${escaped(after)}, ${plural(runs, "run")}, seed ${seed}, digest ${digest.slice(0, 16)}`;
}

/** How little it may mean that a campaign did not meet something. */
function caveat(old: Campaign, now: Campaign): string {
  const other = old.before !== now.before || old.after !== now.after;
  const pairs = other ? "The campaigns are of other sides. " : "";
  const unmet = (campaign: Campaign) =>
    `${percent(campaign.residual.chance)} after ${grouped(campaign.runs)} runs`;
  return (
    `${pairs}What a campaign did not meet may be there: the chance that its next run shows something new was ` +
    `${unmet(old)} then and is ${unmet(now)} now.`
  );
}

const escaped = (text: string) => text.replaceAll(/[\\`*_<>[\]|#]/g, "\\$&");
