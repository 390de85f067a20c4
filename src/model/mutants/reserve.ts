import { type PageCacheMode, UC_MINUS, WB } from "../../pat/cachemode.ts";
import { MemtypeList, type ModeRef, type ReserveError } from "../../pat/memtype.ts";
import { inList, type SharedFault } from "./shared.ts";

/** What checkConflict() is asked: a range, the mode wanted, and where to put the one adopted. */
type OverlapQuery = [start: number, end: number, request: PageCacheMode, found: ModeRef];

/** Planted faults in how the memtype list reserves. */
export const RESERVE_FAULTS: readonly SharedFault[] = [
  inList(
    "conflict-unseen",
    "checkConflict",
    "a second mode among the overlapping reservations is no conflict",
    class extends MemtypeList {
      protected override checkConflict(
        ...[start, end, request, found]: OverlapQuery
      ): PageCacheMode | null {
        super.checkConflict(start, end, request, found);
        return null;
      }
    },
  ),
  inList(
    "overlap-unseen",
    "checkConflict",
    "overlapping reservations are not looked at",
    class extends MemtypeList {
      protected override checkConflict(): null {
        return null;
      }
    },
  ),
  inList(
    "overlap-one-short",
    "checkConflict",
    "the last page of a request is not looked at",
    class extends MemtypeList {
      protected override checkConflict(
        ...[start, end, request, found]: OverlapQuery
      ): PageCacheMode | null {
        return super.checkConflict(start, Math.max(start + 1, end - 1), request, found);
      }
    },
  ),
  inList(
    "neighbour-overlaps",
    "checkConflict",
    "a reservation that begins where the request ends counts as overlapping",
    class extends MemtypeList {
      protected override checkConflict(
        ...[start, end, request, found]: OverlapQuery
      ): PageCacheMode | null {
        return super.checkConflict(start, end + 1, request, found);
      }
    },
  ),
  inList(
    "any-overlap-refused",
    "checkConflict",
    "one overlapping reservation of another mode is a conflict already",
    class extends MemtypeList {
      protected override checkConflict(
        ...[start, end, request, found]: OverlapQuery
      ): PageCacheMode | null {
        const other = super.checkConflict(start, end, request, found);
        if (other !== null || found.mode === request) return other;
        return request;
      }
    },
  ),
  inList(
    "conflict-names-swapped",
    "checkConflict",
    "the two modes of a conflict are named the other way round in the log",
    class extends MemtypeList {
      protected override checkConflict(
        ...[start, end, request, found]: OverlapQuery
      ): PageCacheMode | null {
        const other = super.checkConflict(start, end, request, found);
        if (other === null) return null;
        const first = found.mode;
        found.mode = other;
        return first;
      }
    },
    { equivalent: "the words of a message: who is refused, and why, is the same" },
  ),
  inList(
    "inserted-as-asked",
    "reserve",
    "the reservation stands with the mode that was asked for, not the one adopted",
    class extends MemtypeList {
      override reserve(
        start: number,
        end: number,
        request: PageCacheMode,
        granted: ModeRef,
      ): ReserveError {
        const error = super.reserve(start, end, request, granted);
        if (error !== null || granted.mode === request || request === WB) return error;
        this.free(start, end);
        this.insert(start, end, request);
        return null;
      }
    },
  ),
  inList(
    "mtrr-ignored",
    "reserve",
    "write-back over a device stays write-back",
    class extends MemtypeList {
      constructor(...[, ...rest]: ConstructorParameters<typeof MemtypeList>) {
        super("write-back", ...rest);
      }
    },
  ),
  inList(
    "mtrr-always",
    "reserve",
    "write-back becomes uncached-minus in low memory too",
    class extends MemtypeList {
      constructor(...[, ...rest]: ConstructorParameters<typeof MemtypeList>) {
        super("uncached", ...rest);
      }
    },
  ),
  inList(
    "grants-uc-minus",
    "reserve",
    "says uncached-minus was granted, whatever was",
    class extends MemtypeList {
      override reserve(
        start: number,
        end: number,
        request: PageCacheMode,
        granted: ModeRef,
      ): ReserveError {
        const error = super.reserve(start, end, request, granted);
        granted.mode = UC_MINUS;
        return error;
      }
    },
  ),
  inList(
    "reserved-page-short",
    "insert",
    "a reservation of several pages lacks the last",
    class extends MemtypeList {
      protected override insert(start: number, end: number, mode: PageCacheMode): void {
        super.insert(start, Math.max(start + 1, end - 1), mode);
      }
    },
  ),
  inList(
    "reserve-of-one-lost",
    "insert",
    "a reservation of one page is not kept",
    class extends MemtypeList {
      protected override insert(start: number, end: number, mode: PageCacheMode): void {
        if (end - start > 1) super.insert(start, end, mode);
      }
    },
  ),
  inList(
    "reserved-though-no-memory",
    "reserve",
    "a reservation that cannot be allocated is said to have succeeded",
    class extends MemtypeList {
      override reserve(
        start: number,
        end: number,
        request: PageCacheMode,
        granted: ModeRef,
      ): ReserveError {
        const error = super.reserve(start, end, request, granted);
        return error === "ENOMEM" ? null : error;
      }
    },
  ),
];
