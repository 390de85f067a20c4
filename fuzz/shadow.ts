/**
 * A VMA of the shadow in one small integer: start, end, and whether forks leave it out. Generated
 * worlds are small enough, and a list of small integers is cheap to cut and copy.
 */
export type ShadowVma = number;

const END_SHIFT = 12;
const PAGE_MASK = 0xfff;
const DONTFORK = 1 << 24;

export const startOf = (vma: ShadowVma): number => vma & PAGE_MASK;
export const endOf = (vma: ShadowVma): number => (vma >> END_SHIFT) & PAGE_MASK;

/**
 * A light guess, kept while a trace is generated, of where a process has VMAs: every op is taken
 * to succeed. It only steers ranges towards live VMAs and their edges; a wrong guess costs a
 * failed op, never a wrong verdict.
 */
export class ShadowProcess {
  readonly id: number;
  /** In no order. */
  readonly vmas: ShadowVma[];

  constructor(id: number, vmas: ShadowVma[] = []) {
    this.id = id;
    this.vmas = vmas;
  }

  /** True when nothing is mapped in a range. */
  isFree(from: number, to: number): boolean {
    for (const vma of this.vmas) if (startOf(vma) < to && from < endOf(vma)) return false;
    return true;
  }

  /** Maps a range, replacing what is there. */
  map(from: number, to: number): void {
    this.unmap(from, to);
    this.vmas.push(from | (to << END_SHIFT));
  }

  /** Cuts the VMA that crosses `at` in two there. */
  split(at: number): void {
    const { vmas } = this;
    for (let i = 0; i < vmas.length; i++) {
      const vma = vmas[i] as ShadowVma;
      if (startOf(vma) >= at || endOf(vma) <= at) continue;
      vmas[i] = startOf(vma) | (at << END_SHIFT) | (vma & DONTFORK);
      vmas.push(at | (vma & ~PAGE_MASK));
      return;
    }
  }

  /** Cuts at both ends of a range. */
  cut(from: number, to: number): void {
    this.split(from);
    this.split(to);
  }

  /** Unmaps a range. */
  unmap(from: number, to: number): void {
    const { vmas } = this;
    for (let i = vmas.length - 1; i >= 0; i--) {
      const vma = vmas[i] as ShadowVma;
      const start = startOf(vma);
      const end = endOf(vma);
      if (start >= to || end <= from) continue;
      const last = vmas.pop() as ShadowVma;
      if (i < vmas.length) vmas[i] = last;
      if (start < from) vmas.push(start | (from << END_SHIFT) | (vma & DONTFORK));
      if (end > to) vmas.push(to | (end << END_SHIFT) | (vma & DONTFORK));
    }
  }

  /** Moves what lies in a range to a place apart from it; what was there is unmapped. */
  move(from: number, pages: number, to: number): void {
    this.split(from);
    this.split(from + pages);
    this.unmap(to, to + pages);
    const { vmas } = this;
    const shift = to - from;
    for (let i = 0; i < vmas.length; i++) {
      const vma = vmas[i] as ShadowVma;
      const start = startOf(vma);
      if (start < from || start >= from + pages) continue;
      vmas[i] = (start + shift) | ((endOf(vma) + shift) << END_SHIFT) | (vma & DONTFORK);
    }
  }

  /** Splits a range off and keeps it from forks. */
  dontfork(from: number, to: number): void {
    this.cut(from, to);
    const { vmas } = this;
    for (let i = 0; i < vmas.length; i++) {
      const start = startOf(vmas[i] as ShadowVma);
      if (start >= from && start < to) vmas[i] = (vmas[i] as ShadowVma) | DONTFORK;
    }
  }

  /** The child of a fork. */
  fork(child: number): ShadowProcess {
    return new ShadowProcess(
      child,
      this.vmas.filter((vma) => (vma & DONTFORK) === 0),
    );
  }
}
