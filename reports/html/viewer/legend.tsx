import type { ComponentChildren } from "preact";

function Sample({ look, children }: { look: string; children: ComponentChildren }) {
  return (
    <span class={`bar ${look} sample`}>
      <span class="bar-main">{children}</span>
    </span>
  );
}

/** How to read the lanes. */
export function Legend({ contexts }: { contexts: boolean }) {
  return (
    <details class="legend">
      <summary>How to read the lanes</summary>
      <dl>
        <dt>
          <Sample look="vma">pfns 0–1</Sample>
        </dt>
        <dd>
          A mapping (VMA): it lies over its virtual pages and says which physical pages (pfns) it
          shows, then its protection: <code>rw-s</code> is shared, <code>rw-p</code> private.
        </dd>
        <dt>
          <Sample look="reserved mode-uncached-minus">UC-</Sample>
        </dt>
        <dd>
          A reservation of physical pages with its cache mode: <code>UC-</code> uncached-minus,{" "}
          <code>WC</code> write-combining, <code>WB</code> write-back.
        </dd>
        <dt>
          <Sample look="reserved mode-uncached-minus held">
            UC- <span class="tag">unmapped</span>
          </Sample>
        </dt>
        <dd>
          Reserved pages that no process maps: lost for good, or with a dashed border kept by a
          context that is still in use.
        </dd>
        {contexts ? (
          <>
            <dt>
              <Sample look="context">count 1</Sample>
            </dt>
            <dd>
              A tracking context and its count: so many VMAs share it, and the last one frees its
              range.
            </dd>
          </>
        ) : null}
        <dt>
          <Sample look="ghost">gone</Sample>
        </dt>
        <dd>What the step took away. What it made or altered says “new” or “changed”.</dd>
      </dl>
    </details>
  );
}
