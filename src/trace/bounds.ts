import { z } from "zod";

/**
 * How far an exploration goes: processes alive at once, virtual areas of each process, pages of
 * an area and of the region, and ops after the first process is there.
 */
export const boundsSchema = z.strictObject({
  procs: z.int().min(1).max(8),
  slots: z.int().min(1).max(3),
  pages: z.int().min(1).max(4),
  depth: z.int().min(1).max(12),
  /** Low memory instead of a device aperture, and how many VMAs the limit leaves room for. */
  mtrr: z.literal("write-back").optional(),
  /** A device where that is write-back, not low memory. */
  region: z.literal("bar").optional(),
  maps: z.int().min(1).max(16).optional(),
  /** Kernels booted with `nopat`. */
  pat: z.literal(false).optional(),
  /** Groups of letters beyond the core alphabet, by name. */
  with: z.array(z.string()).optional(),
});

/** Bounds of an exploration that begins with nothing but a process. */
export type PlainBounds = z.infer<typeof boundsSchema>;

const count = (number: number, one: string, more: string) =>
  `${number} ${number === 1 ? one : more}`;

/** Bounds in words: `2 processes, 1 area of 3 pages, depth 4`. */
export function boundsText({
  procs,
  slots,
  pages,
  depth,
  mtrr,
  region,
  maps,
  pat,
}: PlainBounds): string {
  return [
    count(procs, "process", "processes"),
    `${count(slots, "area", "areas")} of ${count(pages, "page", "pages")}`,
    `depth ${depth}`,
    ...(mtrr === undefined
      ? []
      : [region === undefined ? "low memory" : "a BAR in write-back memory"]),
    ...(pat === undefined ? [] : ["no PAT"]),
    ...(maps === undefined ? [] : [`room for ${count(maps, "VMA", "VMAs")}`]),
  ].join(", ");
}
