import type { Design } from "../../../src/trace/recording.ts";
import type { ReportData } from "../../data.ts";
import { designOf, sideName } from "../words.ts";

const DESIGN_STORY: Readonly<Record<Design, string>> = {
  "vm-pat":
    "each VMA has a flag, VM_PAT, and the range to free is worked out again when it is unmapped. Once a mapping was cut or moved, that range can be the wrong one.",
  kref: "the VMAs share a counted context that remembers the range, and the last one to go frees it.",
};

/** What somebody needs who meets the subject for the first time, closed until it is asked for. */
export function Primer({ report }: { report: ReportData }) {
  const [was, is] = [designOf(report, "before"), designOf(report, "after")];
  return (
    <details class="card primer">
      <summary>New to the subject? What the words mean, and what can go wrong</summary>
      <p>
        When a program maps device memory, Linux reserves the physical pages together with a{" "}
        <b>cache mode</b>, so that nobody maps the same page with another mode. The reservation has
        to go when the last mapping goes: one that stays for good is a <b>leak</b>, and every later
        mapping of those pages has to live with its mode, or is refused, until the next boot.
      </p>
      <p>
        A <b>pfn</b> is the number of a physical page, a <b>VMA</b> one mapping of a process,{" "}
        <code>p0</code> a process, and <code>[0,2)</code> are the pages 0 and 1. Cache modes are{" "}
        <code>UC-</code> (uncached-minus), <code>WC</code> (write-combining) and <code>WB</code>{" "}
        (write-back).
      </p>
      {was === undefined ? null : (
        <p>
          <b>{was === is ? "Both sides" : sideName(report.campaign, "before")}</b>:{" "}
          {DESIGN_STORY[was]}
        </p>
      )}
      {is === undefined || was === is ? null : (
        <p>
          <b>{sideName(report.campaign, "after")}</b>: {DESIGN_STORY[is]}
        </p>
      )}
      <p>Each finding shows both sides doing the same operations, step by step.</p>
    </details>
  );
}
