import { descriptorIn, failed, numberIn, pageIn, returnedNumber } from "./args.ts";
import {
  type DeviceFile,
  type DeviceOption,
  deviceOf,
  mayBeDevice,
  MEMORY,
  needsFlags,
} from "./devices.ts";
import type { CallLine } from "./lines.ts";
import type { Task } from "./spaces.ts";

const PAGE = 4096;
/** Low memory, which the tracking treats as not RAM, ends here. */
const LOW_PAGES = 256;
/** From here to its end it is the ISA window, which the tracking leaves alone. */
const ISA_PAGE = 0xa0;
/** Regions are laid this far apart: more than any machine has pages. */
const REGION_PAGES = 2 ** 41;
/** Failed mappings get addresses of their own from here on: past what a process can have. */
const NOWHERE = 2 ** 40;

/** What decides which mappings are a device's, and where in it they are. */
export interface MappingRules {
  readonly devices: readonly DeviceOption[];
  /** Low memory is kept, beside an aperture or alone. */
  readonly keepsLow: boolean;
  /** Bytes that one unit of mmap2()'s offset stands for. */
  readonly mmap2Unit: number;
}

/** Pages of low memory on the line of all physical pages; `isa`: the first one of the ISA window, where that matters. */
export interface LowMemory {
  readonly start: number;
  readonly end: number;
  readonly isa: number | null;
}

/** The devices that a log maps: which a descriptor is, where its pages lie, and which are kept. */
export class Regions {
  sawLow = false;
  sawAperture = false;
  /** A mapping reaches from low memory into the ISA window. */
  private crossesIsa = false;
  private readonly bases = new Map<string, number>();
  private nowhere = NOWHERE;

  constructor(
    private readonly rules: MappingRules,
    private readonly drop: (call: CallLine, reason: string, unknown?: string) => void,
  ) {}

  /** The device that a descriptor of mmap() stands for, or null. */
  deviceIn(
    call: CallLine,
    text: string,
    files: Task["files"],
    flags: ReadonlySet<string>,
  ): DeviceFile | null {
    const descriptor = descriptorIn(text);
    if (descriptor === null || flags.has("MAP_ANONYMOUS")) return null;
    const { fd, path } = descriptor;
    const known = files.get(fd);
    if (path === null || known?.path === path) {
      if (known !== undefined) return known.device ?? this.unknown(call, known.path);
      this.drop(call, `nothing in the log opens descriptor ${fd}: what it maps is not known`);
      files.set(fd, { path: null, device: null, isClosedOnExec: false });
      return null;
    }
    const device = deviceOf(path, new Set(), this.rules.devices);
    if (device === null) return this.unknown(call, path);
    if (!needsFlags(path)) return device;
    this.drop(call, `${path} was opened before the log begins, O_SYNC or not`);
    return null;
  }

  /** A file that is no known device, which is told of where it may be one all the same. */
  private unknown(call: CallLine, path: string | null): null {
    if (path !== null && mayBeDevice(path)) {
      this.drop(call, `how ${path} maps is not known (--device ${path}=HOW tells)`, path);
    }
    return null;
  }

  /** Where a mapping is; a failed one without an address of its own gets one that is unused. */
  addressOf(call: CallLine, text: string, flags: ReadonlySet<string>): number | null {
    if (!failed(call)) return returnedNumber(call) / PAGE;
    if (flags.has("MAP_FIXED")) return pageIn(call, text);
    this.nowhere += 2 ** 32;
    return this.nowhere;
  }

  private isWanted({ region }: DeviceFile, end: number): boolean {
    const isLow = region === MEMORY && end <= LOW_PAGES;
    if (isLow) this.sawLow ||= this.rules.keepsLow;
    else this.sawAperture = true;
    return this.rules.keepsLow || !isLow;
  }

  /** Where a device's first page lies on the line of physical pages. */
  baseOf({ region }: DeviceFile): number {
    const base = this.bases.get(region) ?? this.bases.size * REGION_PAGES;
    this.bases.set(region, base);
    return base;
  }

  /** Why a mapping of a device is no op of this trace, or null. */
  refusal(call: CallLine, device: DeviceFile, offset: number, pages: number): string | null {
    if (failed(call) && !/^-1 (?:EINVAL|EAGAIN)\b/.test(call.returned)) {
      return `failed for a reason that is not tracking: ${call.returned}`;
    }
    if (device.region === MEMORY && offset < LOW_PAGES && offset + pages > ISA_PAGE) {
      const isLow = offset + pages <= LOW_PAGES;
      const isInside = offset >= ISA_PAGE && isLow;
      if (isInside) return "lies wholly in [0xa0000,0x100000), where PAT tracks nothing";
      if (isLow) this.crossesIsa ||= this.rules.keepsLow;
      else this.drop(call, "reaches over [0xa0000,0x100000), which is left out, and low memory");
    }
    if (this.isWanted(device, offset + pages)) return null;
    return "maps low memory, and other lines map an aperture (--regions keeps both)";
  }

  /** Where low memory lies on the line of physical pages, and of it the ISA window, if a mapping reaches into that; null: nowhere. */
  get lowMemory(): LowMemory | null {
    if (!this.sawLow) return null;
    const start = this.bases.get(MEMORY) ?? 0;
    return { start, end: start + LOW_PAGES, isa: this.crossesIsa ? start + ISA_PAGE : null };
  }

  /** A file offset in pages; null where it is not at one. */
  offsetIn(call: CallLine, text: string): number | null {
    if (call.name !== "mmap2") return pageIn(call, text);
    const bytes = numberIn(call, text) * this.rules.mmap2Unit;
    return bytes % PAGE === 0 ? bytes / PAGE : null;
  }
}
