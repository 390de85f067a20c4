/** What somebody needs who meets the subject for the first time, closed until it is asked for. */
export function Primer() {
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
      <p>
        <b>Before</b>: each VMA has a flag, and the range to free is worked out again when it is
        unmapped. Once a mapping was cut or moved, that range can be the wrong one.
      </p>
      <p>
        <b>After</b>: the VMAs share a counted <b>context</b> that remembers the range, and the last
        one to go frees it.
      </p>
      <p>Each finding shows both designs doing the same operations, step by step.</p>
    </details>
  );
}
