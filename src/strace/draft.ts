import type { Advice, Op, Prot, Via } from "../trace/op.ts";
import type { Trace } from "../trace/trace.ts";
import { assertNever } from "../assertnever.ts";
import { Layout } from "./layout.ts";

/** An op in the pages of the log, which the layout is still to renumber. */
export type DraftOp =
  | { readonly op: "spawn" | "exit"; readonly proc: number }
  | { readonly op: "fork"; readonly proc: number; readonly child: number }
  | {
      readonly op: "mmap";
      readonly proc: number;
      readonly at: number;
      readonly pages: number;
      readonly pfn: number;
      readonly via: Via;
      readonly prot: Prot;
      readonly private: boolean;
    }
  | {
      readonly op: "munmap" | "mlock" | "munlock" | "mseal";
      readonly proc: number;
      readonly at: number;
      readonly pages: number;
    }
  | {
      readonly op: "mremap";
      readonly proc: number;
      readonly at: number;
      readonly pages: number;
      readonly newPages: number;
      readonly to: number | null;
    }
  | {
      readonly op: "mprotect";
      readonly proc: number;
      readonly at: number;
      readonly pages: number;
      readonly prot: Prot;
    }
  | {
      readonly op: "madvise";
      readonly proc: number;
      readonly at: number;
      readonly pages: number;
      readonly advice: Advice;
    };

/** The trace of a draft: pages renumbered, the world just large enough. */
export function finish(name: string, mtrr: Trace["world"]["mtrr"], draft: DraftOp[]): Trace {
  const layout = new Layout();
  for (const op of draft) gather(layout, op);
  layout.settle();
  const world = {
    pfns: Math.max(1, layout.physical.length),
    vpages: Math.max(1, layout.virtual.length),
    mtrr,
  };
  const ops = draft.map((op) => placed(layout, op));
  return { format: "pfndiff/trace@1", name, world, ops };
}

function gather(layout: Layout, op: DraftOp): void {
  switch (op.op) {
    case "spawn":
    case "exit":
    case "fork":
      return;
    case "mmap":
      layout.map(op.at, op.pfn, op.pages);
      return;
    case "munmap":
    case "mlock":
    case "munlock":
    case "mseal":
    case "mprotect":
    case "madvise":
      layout.virtual.use(op.at, op.pages);
      return;
    case "mremap":
      layout.virtual.use(op.at, op.pages);
      layout.virtual.use(op.to ?? op.at, op.newPages);
      if (op.to !== null) layout.move(op.at, op.to, Math.min(op.pages, op.newPages));
      return;
    default:
      assertNever(op);
  }
}

function placed({ virtual, physical }: Layout, op: DraftOp): Op {
  const pages = (at: number, length: number) => virtual.at(at + length) - virtual.at(at);
  switch (op.op) {
    case "spawn":
    case "exit":
    case "fork":
      return op;
    case "mmap":
      return {
        ...op,
        at: virtual.at(op.at),
        pages: pages(op.at, op.pages),
        pfn: physical.at(op.pfn),
      };
    case "munmap":
    case "mlock":
    case "munlock":
    case "mseal":
    case "mprotect":
    case "madvise":
      return { ...op, at: virtual.at(op.at), pages: pages(op.at, op.pages) };
    case "mremap": {
      const { to, ...rest } = op;
      const newPages = pages(to ?? op.at, op.newPages);
      const moved = { ...rest, at: virtual.at(op.at), pages: pages(op.at, op.pages), newPages };
      return to === null ? moved : { ...moved, to: virtual.at(to) };
    }
    default:
      return assertNever(op);
  }
}
