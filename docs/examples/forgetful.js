/**
 * A tracking of PFN mappings that forgets its children: a fork takes no reference, so the first
 * exit gives back what the other process still maps. See docs/DESIGNS.md.
 */
export default class Forgetful {
  /** All that it keeps is in fields of VMAs' `track`, so explore may keep and put back its state. */
  static restorable = true;

  constructor(ranges) {
    this.ranges = ranges;
  }

  remap(vma, wanted, granted, pfn) {
    if (vma.track !== null) return "EINVAL";
    const error = this.ranges.track(pfn, pfn + vma.pages, wanted, false, granted);
    if (error !== null) return "EINVAL";
    vma.track = { pfn, pages: vma.pages, refs: 1 };
    return null;
  }

  remapFailed(vma, pfn, pages, whole) {
    if (whole) this.free(vma);
  }

  dup(copy, original, reason) {
    copy.track = original.track;
    if (copy.track !== null && reason !== "fork") copy.track.refs++;
  }

  copy() {
    return null;
  }

  copyFailed() {}
  unmap() {}
  moved() {}

  free(vma) {
    const context = vma.track;
    vma.track = null;
    if (context === null) return;
    context.refs--;
    if (context.refs === 0) this.ranges.untrack(context.pfn, context.pfn + context.pages);
  }
}
