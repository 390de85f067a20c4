import type { ComponentChildren } from "preact";
import type { Pages } from "./statemap.ts";

/** Beyond so many pages a track shows no page borders: they would be a grey mush. */
const MOST_BORDERS = 64;
const MOST_TICKS = 16;
/** A page is at most so wide, so that two pages do not fill a screen. */
const WIDEST_PAGE_PX = 150;

/** Where a range lies in a track. */
export function placed(range: Pages, extent: Pages): { left: string; width: string } {
  const pages = extent.end - extent.start;
  return {
    left: `${((range.start - extent.start) / pages) * 100}%`,
    width: `${((range.end - range.start) / pages) * 100}%`,
  };
}

export interface TrackProps {
  readonly label: ComponentChildren;
  readonly extent: Pages;
  readonly kind: "ruler" | "tall" | "row";
  readonly children: ComponentChildren;
}

/** A labelled row over pages, in which bars lie at their pages. */
export function Track({ label, extent, kind, children }: TrackProps) {
  const pages = extent.end - extent.start;
  const borders = kind !== "ruler" && pages <= MOST_BORDERS;
  return (
    <div class={`trackrow ${kind}`}>
      <span class="tracklabel">{label}</span>
      <div
        class={`track ${borders ? "borders" : ""}`}
        style={{
          maxWidth: `${pages * WIDEST_PAGE_PX}px`,
          backgroundSize: `${100 / pages}% 100%`,
        }}
      >
        {children}
      </div>
    </div>
  );
}

/** A word on a bar; a bar too narrow for it shows the short form. */
export function Tag({ word, short }: { word: string; short: string }) {
  return (
    <span class="tag" data-short={short}>
      {word}
    </span>
  );
}

/** Page numbers over the tracks below. */
export function Ruler({ label, extent }: { label: string; extent: Pages }) {
  const pages = extent.end - extent.start;
  const every = Math.ceil(pages / MOST_TICKS);
  const ticks = Array.from(
    { length: Math.ceil(pages / every) },
    (_, index) => extent.start + index * every,
  );
  return (
    <Track label={label} extent={extent} kind="ruler">
      {ticks.map((page) => (
        <span key={page} class="tick" style={placed({ start: page, end: page + 1 }, extent)}>
          {page}
        </span>
      ))}
    </Track>
  );
}
