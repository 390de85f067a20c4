/** How to read the lanes. */
export function Legend({ contexts }: { contexts: boolean }) {
  return (
    <details class="legend">
      <summary>How to read the lanes</summary>
      <dl>
        <dt>
          <span class="bar vma sample">pfn 0–1</span>
        </dt>
        <dd>
          A mapping (VMA): it lies over its virtual pages and says which physical pages (pfns) it
          shows, then its protection: <code>rw-s</code> is shared, <code>rw-p</code> private.
        </dd>
        <dt>
          <span class="bar reserved mode-uncached-minus sample">UC-</span>
        </dt>
        <dd>
          A reservation of physical pages with its cache mode: <code>UC-</code> uncached-minus,{" "}
          <code>WC</code> write-combining, <code>WB</code> write-back.
        </dd>
        <dt>
          <span class="bar reserved mode-uncached-minus held sample">
            <span class="bar-main">
              UC- <span class="tag">unmapped</span>
            </span>
          </span>
        </dt>
        <dd>Reserved pages that no process maps: kept too long, or lost for good.</dd>
        {contexts ? (
          <>
            <dt>
              <span class="bar context sample">count 1</span>
            </dt>
            <dd>
              A tracking context and its count: so many VMAs share it, and the last one frees its
              range.
            </dd>
          </>
        ) : null}
        <dt>
          <span class="bar ghost sample">
            <span class="tag">gone</span>
          </span>
        </dt>
        <dd>What the step took away. What it made or altered says “new” or “changed”.</dd>
      </dl>
    </details>
  );
}
