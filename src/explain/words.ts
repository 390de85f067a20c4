import type { CacheMode } from "../pat/cachemode.ts";
import type { Task } from "../../kernel/parse/message.ts";
import type { LoggedMessage } from "./shape.ts";

/** What a line says: who asked for what, what stood in the way, and what the caller got. */
export interface Meaning {
  readonly asked: string;
  readonly stood: string;
  readonly got: string;
}

const UNITS = ["GiB", "MiB", "KiB"] as const;

/** A length in bytes, as people say it. */
export function sizeText(bytes: number): string {
  for (const [at, unit] of UNITS.entries()) {
    const size = 1024 ** (UNITS.length - at);
    if (bytes >= size && bytes % size === 0) return `${bytes / size} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** A range of physical addresses, its end exclusive, and its length. */
export function bytesText({
  start,
  end,
}: {
  readonly start: number;
  readonly end: number;
}): string {
  return `0x${start.toString(16)}-0x${end.toString(16)} (${sizeText(end - start)})`;
}

const whoText = (task: Task | undefined) =>
  task === undefined ? "A task" : `${task.comm} (pid ${task.pid})`;

const REFUSED_MMAP =
  "The request was refused with EBUSY, and nothing was reserved. mmap() of a PCI resource file and of most drivers' files returns EINVAL, of /dev/mem EAGAIN; fork() returns ENOMEM, ioremap() NULL.";

/** The meaning of a line in plain words. */
export function meaningOf(message: LoggedMessage): Meaning {
  switch (message.kind) {
    case "conflict": {
      const { found, other, task } = message;
      return {
        asked: `${whoText(task)} asked for a reservation of ${bytesText(message)}.`,
        stood: `Reservations of two modes overlap it, ${found} first and then ${other}, and one mapping can have one mode only. (A caller that takes no substitute, as set_memory_*(), is named with the mode it asked for, ${found}, and the one that is there, ${other}.)`,
        got: "A refusal, EBUSY; the next line says what had been asked for.",
      };
    }
    case "reserve-failed": {
      const { track, request } = message;
      const made = track === request ? "" : `, which the MTRRs made ${track}`;
      return {
        asked: `The request was for ${request}${made}, at ${bytesText(message)}.`,
        stood: "What the line before it names; it is of the same call.",
        got: REFUSED_MMAP,
      };
    }
    case "type-mismatch":
      return mismatch(message);
    case "invalid-free":
      return {
        asked: `${whoText(message.task)} gave up a mapping, and with it the reservation of ${bytesText(message)}.`,
        stood:
          "The memtype list has no reservation of exactly this range (up to 6.15 one that begins earlier and ends here is cut instead). Mappings that were unmapped in parts, split, moved or forked reserve as a whole and give back in parts.",
        got: "Nothing that it can see: munmap(), mremap() or exit went on and succeeded. What had been reserved stays so, often until reboot.",
      };
    case "ram-request":
    case "ram-busy":
      return ofRam(message);
    case "ioremap-failed":
    case "ioremap-refused":
      return ofIoremap(message);
    case "warn":
      return warned(message);
    case "bug":
      return ended(message);
    case "bad-page-map":
      return {
        asked: `${message.comm} gave up pages (munmap(), exit, a new mapping over them), or changed their protection.`,
        stood: `A page table entry maps ${bytesText(message)} as ${message.type}, and its VMA (a range of virtual pages that are mapped alike) does not say that it maps such pages: it is neither VM_PFNMAP nor VM_MIXEDMAP. A driver mapped past its VMA, or through a copy of it on its stack; or memory was overwritten, of which the models know nothing.`,
        got: "The entry is passed over; the process goes on, and the kernel is tainted. What the copy had reserved stays so until reboot.",
      };
  }
}

function ended({ task, trace, file }: LoggedMessage & { kind: "bug" }): Meaning {
  const where = trace?.[0] === undefined ? "a function that is not named" : `${trace[0]}()`;
  return {
    asked: `${whoText(task)} was in ${where} (${file}).`,
    stood:
      "A condition that the kernel takes for its own end (BUG_ON). In remap_pfn_range() it is a page that was mapped there already, in vmf_insert_pfn() a private mapping, or one that is VM_PFNMAP and VM_MIXEDMAP at once or neither, in vm_insert_page() one that is VM_PFNMAP: a driver's mistake.",
    got: "The task is killed with its locks held: whoever waits for them hangs, and what it had reserved stays.",
  };
}

function ofRam(message: LoggedMessage & { kind: "ram-request" | "ram-busy" }): Meaning {
  if (message.kind === "ram-busy") {
    return {
      asked: `set_memory_*() asked for ${message.request} on pages of RAM, ${bytesText(message)}.`,
      stood: `A page of them is ${message.track} already, and not write-back.`,
      got: "A refusal, EBUSY; no page was changed.",
    };
  }
  return {
    asked: `${whoText(message.task)} mapped pages of RAM, ${bytesText(message)}, and asked for ${message.request}.`,
    stood: `Pages of RAM keep their mode in page flags: here ${message.got}.`,
    got: `A mapping, with ${message.got}. Nothing was reserved.`,
  };
}

function ofIoremap(
  message: LoggedMessage & { kind: "ioremap-failed" | "ioremap-refused" },
): Meaning {
  if (message.kind === "ioremap-failed") {
    return {
      asked: "The kernel itself, mostly a driver, called ioremap() or one of its kin.",
      stood:
        message.error === 12
          ? "There was no memory for a reservation (ENOMEM)."
          : `The memtype list refused the reservation (errno ${message.error}); the lines before say why.`,
      got: "NULL; most drivers then fail to probe.",
    };
  }
  return {
    asked: `ioremap() or one of its kin asked for ${message.request} at ${bytesText(message)}.`,
    stood: `A reservation of ${message.got} is there, which may not stand for ${message.request}.`,
    got: "NULL; most drivers then fail to probe.",
  };
}

function mismatch(message: LoggedMessage & { request: CacheMode; got: CacheMode }): Meaning {
  const { request, got, task } = message;
  const range = "start" in message ? bytesText(message) : "";
  return {
    asked: `${whoText(task)} wanted to map ${range} as ${request}.`,
    stood: `A reservation of ${got} is there, and ${got} may not stand for ${request}${got === "write-back" ? "" : " (up to 6.15 fork() takes no substitute at all)"}.`,
    got: "A refusal: mmap() of a PCI resource file and of most drivers' files returns EINVAL, of /dev/mem EAGAIN, fork() ENOMEM.",
  };
}

const FIND_BASE: ReadonlySet<string> = new Set(["get_pat_info", "untrack_pfn", "track_pfn_copy"]);

function warned(message: LoggedMessage & { kind: "warn" }): Meaning {
  const { where, file, trace = [], task } = message;
  const copying = where === "track_pfn_copy" || trace.includes("track_pfn_copy");
  if (!FIND_BASE.has(where)) {
    return {
      asked: `${whoText(task)} was in ${where}() (${file}).`,
      stood: "A condition that the kernel takes for a fault of its own.",
      got: "Nothing that this line tells.",
    };
  }
  return {
    asked: copying
      ? `${whoText(task)} forked with a tracked mapping.`
      : `${whoText(task)} gave up a tracked mapping, by munmap(), exit, or a fork() or mmap() that failed.`,
    stood:
      "Up to 6.15 the kernel keeps no note of what a mapping has reserved: it looks for the first page in the page table, and nothing is mapped there. It warns once a boot.",
    got: copying
      ? "The child has no reservation; fork() fails with ENOMEM."
      : "The call went on; what was reserved may stay so.",
  };
}
