import type { KernelMessage } from "../../kernel/parse/message.ts";
import { ModelSide } from "../engine/modelside.ts";
import { CACHE_MODES, type PageCacheMode } from "../pat/cachemode.ts";
import type { PatEvent } from "../pat/events.ts";
import type { ModeRequest } from "../pat/requests.ts";
import { isRam } from "../pat/rampages.ts";
import type { Op } from "../trace/op.ts";
import type { Trace } from "../trace/trace.ts";

/** A message as a model would log it, in pages, and the step at which it does. */
export interface Said {
  readonly step: number;
  readonly message: KernelMessage;
}

const EBUSY = 16;
const ENOMEM = 12;
const mode = (number: PageCacheMode) => CACHE_MODES[number];

/** A model that is listened to: what the kernel's log would have, with what ioremap() adds to it. */
export class TalkingSide extends ModelSide {
  /** Everything that is logged while the trace runs on a fresh machine, in order. */
  says({ world, ops }: Trace): Said[] {
    const said: Said[] = [];
    this.reset(world);
    const { memtype, events } = this.machine;
    ops.forEach((op, step) => {
      memtype.requests = mapsForKernel(op) ? [] : null;
      this.apply(op);
      for (const event of events) {
        said.push({ step, message: messageOf(event) });
      }
      const more = this.ofIoremap(op);
      if (more !== null) said.push({ step, message: more });
    });
    return said;
  }

  /** __ioremap_caller() says itself why it returns NULL (arch/x86/mm/ioremap.c, 6.1 to 7.3). */
  private ofIoremap(op: Op): KernelMessage | null {
    if (!mapsForKernel(op) || this.outcome !== "ENOMEM") return null;
    const request = this.machine.memtype.requests?.at(-1);
    if (this.failed !== null) return failedAllocation(this.failed.at);
    if (request === undefined || isRam(request.start)) return null;
    if (request.by === "refused-pair") return refusedPair(request);
    return { kind: "ioremap-failed", error: EBUSY };
  }
}

const mapsForKernel = ({ op }: Op) => op === "ioremap" || op === "memremap";

function failedAllocation(at: string): KernelMessage | null {
  return at === "memtype" ? { kind: "ioremap-failed", error: ENOMEM } : null;
}

function refusedPair({ start, end, asked, entries }: ModeRequest): KernelMessage | null {
  const [entry] = entries;
  if (entry === undefined) return null;
  return { kind: "ioremap-refused", start, end, request: mode(asked), got: mode(entry.mode) };
}

/** A model's event as the line's message. */
function messageOf(event: PatEvent): KernelMessage {
  switch (event.kind) {
    case "bug":
    case "warn":
      return { kind: event.kind, file: "", where: event.text.split(":")[0] ?? "" };
    case "invalid-free":
      return event;
    case "conflict":
      return { ...event, found: mode(event.found), other: mode(event.other) };
    case "reserve-failed":
    case "ram-busy":
      return { ...event, track: mode(event.track), request: mode(event.request) };
    case "bad-page-map":
      return {
        kind: event.kind,
        start: event.start,
        end: event.end,
        comm: "",
        type: mode(event.type),
      };
    case "type-mismatch":
    case "ram-request":
      return { ...event, request: mode(event.request), got: mode(event.got) };
  }
}
