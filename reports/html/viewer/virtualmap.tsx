import type { VmaState } from "../../../src/trace/recording.ts";
import { rangeText } from "../../../src/trace/fields.ts";
import { vmaText } from "../../optext.ts";
import {
  type Change,
  type Pages,
  type Piece,
  piecesOf,
  type ProcView,
  type VmaView,
} from "./statemap.ts";
import { placed, Ruler, Tag, Track } from "./track.tsx";

const SHORT_CHANGE: Readonly<Record<Change, string>> = { same: "", new: "+", changed: "~" };

/** Every process' VMAs as bars over its virtual pages. */
export function VirtualMap({ procs, extent }: { procs: readonly ProcView[]; extent: Pages }) {
  return (
    <div class="map" role="group" aria-label="Virtual pages">
      <h4>Virtual pages</h4>
      {procs.length === 0 ? <p class="muted small">no process</p> : null}
      {procs.length === 0 ? null : <Ruler label="page" extent={extent} />}
      {procs.map((proc) => (
        <ProcTrack key={proc.proc} proc={proc} extent={extent} />
      ))}
    </div>
  );
}

function ProcTrack({ proc, extent }: { proc: ProcView; extent: Pages }) {
  const state = proc.died ? "exited" : proc.born ? "new" : "";
  const label = (
    <>
      process {proc.proc}
      {state === "" ? null : <Tag word={state} short={state} />}
    </>
  );
  return (
    <Track label={label} extent={extent} kind="tall">
      {proc.gone.map((pages) => (
        <span key={`gone${pages.start}`} class="bar ghost" style={placed(pages, extent)}>
          <Tag word="gone" short="−" />
        </span>
      ))}
      {proc.vmas.map((view) => (
        <VmaBar key={view.vma.start} view={view} extent={extent} />
      ))}
    </Track>
  );
}

/** A bar for each run of pages that a VMA maps, or does not map yet. */
function VmaBar({ view: { vma, change }, extent }: { view: VmaView; extent: Pages }) {
  return (
    <>
      {piecesOf(vma).map((piece, index) => (
        <span
          key={piece.start}
          class={`bar vma ${change} ${piece.maps === null ? "hollow" : ""}`}
          style={placed(piece, extent)}
          title={vmaText(vma)}
        >
          <span class="bar-main">
            <PieceText piece={piece} />
            {change === "same" || index > 0 ? null : (
              <Tag word={change} short={SHORT_CHANGE[change]} />
            )}
          </span>
          <span class="bar-more">{index === 0 ? flags(vma) : ""}</span>
          <span class="unseen">
            {` at virtual pages ${rangeText(piece.start, piece.end - piece.start)}`}
          </span>
        </span>
      ))}
    </>
  );
}

function PieceText({ piece: { start, end, maps } }: { piece: Piece }) {
  if (maps === null) return <Tag word="maps nothing" short="–" />;
  const last = maps.pfn + end - start - 1;
  return (
    <>
      <span class="word">{`${maps.isRam ? "RAM " : ""}${end - start === 1 ? "pfn " : "pfns "}`}</span>
      {maps.pfn}
      {end - start === 1 ? null : <span class="rest">–{last}</span>}
    </>
  );
}

/** Flags as /proc/PID/maps writes them, and what smaps adds. */
function flags(vma: VmaState): string {
  const prot = { none: "--", r: "r-", rw: "rw" }[vma.prot];
  return [
    `${prot}-${vma.private ? "p" : "s"}`,
    ...(vma.pat === true ? ["VM_PAT"] : []),
    ...(vma.dontfork === true ? ["dontfork"] : []),
    ...(vma.sealed === true ? ["sealed"] : []),
    ...(vma.advised ?? []),
  ].join(" ");
}
