import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Designs as a user writes them, by file name: two of each language, one of each shipped design. */
const DESIGNS = {
  "three.ts": `import { ctxOf, type DesignMachine, KrefTracking, type Outcome, type TrackedVma } from "pfndiff/design";
    /** At most three VMAs share a context, on the machine of 6.18: a count that is soon full. */
    export default class extends KrefTracking {
      static override readonly machine: DesignMachine = { ...KrefTracking.machine, release: "6.18" };
      override dup(copy: TrackedVma, original: TrackedVma): Outcome {
        if ((ctxOf(original)?.kref ?? 0) >= 3) return "ENOMEM";
        super.dup(copy, original);
        return null;
      }
    }`,
  "keeps.ts": `import { type PfnTracking, type TrackedMm, type TrackedVma, VmPatTracking } from "pfndiff/design";
    /** VM_PAT that never gives back what madvise() said no fork may have. */
    export default class extends VmPatTracking implements PfnTracking {
      private readonly kept = new Set<TrackedVma>();
      dontfork(vma: TrackedVma): void {
        this.kept.add(vma);
      }
      override unmap(mm: TrackedMm, vma: TrackedVma): void {
        if (!this.kept.has(vma) || !vma.dontfork) super.unmap(mm, vma);
      }
    }`,
  "plain.js": `// @ts-check
    import { KrefTracking } from "pfndiff/design";
    /** The refcounted design as it is. */
    export default class extends KrefTracking {}`,
  "whole.js": `// @ts-check
    import { VmPatTracking } from "pfndiff/design";
    /** VM_PAT over a list that frees only what it finds whole. */
    export default class extends VmPatTracking {
      /** @type {import("pfndiff/design").DesignMachine} */
      static machine = { ...VmPatTracking.machine, eraseByEnd: false };
    }`,
  "bare.ts": `import { type AllocationSite, hasVmPat, type MakeTracking, type PfnTracking, UC_MINUS } from "pfndiff/design";
    /** Every member that a design may use, once. */
    const make: MakeTracking = (ranges, log, kernel): PfnTracking => ({
      remap(vma, wanted, granted, pfn) {
        const site: AllocationSite = "context";
        if (kernel.fails(site) || kernel.inFault || vma.sealed || vma.device?.offsetIsPfn) return "ENOMEM";
        if (ranges.lookup(pfn) !== UC_MINUS) kernel.warnOnce("another mode: " + vma.prot + vma.flags);
        if (ranges.lookupRange(pfn, pfn + 1, granted) !== null || vma.isPrivate) return "EINVAL";
        vma.track = { pfn, pages: vma.pages, start: vma.start, end: vma.end };
        return ranges.track(pfn, pfn + vma.pages, wanted, false, granted);
      },
      remapFailed() {},
      dup() {},
      copy(_child, parent, { start }) {
        return parent.pageTable.isAnon(start) || parent.pageTable.isNone(start) ? "EINVAL" : null;
      },
      copyFailed(child) { kernel.writesVmFlags("copyFailed: " + hasVmPat(child) + child.dontfork); },
      unmap(mm, vma, reason) {
        const { pageTable } = mm;
        const pfn = pageTable.hasTable(vma.start) ? pageTable.pfnAt(vma.start) : null;
        const isLast = mm.count === 1 && mm.vmas[0] === vma && mm.lookup(vma.start) === mm.find(mm.end - 1);
        if (pfn === null || reason === "zap") kernel.warn("mode " + pageTable.modeAt(vma.start) + isLast);
        else ranges.untrack(pfn, pfn + 1);
      },
      moved(vma) { if (vma.pfn < 0) log.length = 0; },
      free() {},
    });
    export default make;`,
} as const;

/** The module that docs/DESIGNS.md has in full. */
function exampleOfTheDocument(): string {
  const source = /```js\n([^]*?)```/.exec(readFileSync("docs/DESIGNS.md", "utf8"))?.[1];
  if (source === undefined) throw new Error("docs/DESIGNS.md has no module");
  return source;
}

/** A folder of a user's, outside the project, with it installed as \`npm link pfndiff\` does. */
export class UsersFolder {
  readonly path = mkdtempSync(join(tmpdir(), "pfndiff-user-"));

  constructor() {
    mkdirSync(join(this.path, "node_modules"));
    symlinkSync(resolve("."), join(this.path, "node_modules/pfndiff"));
    this.write("package.json", JSON.stringify({ type: "module" }));
    for (const [name, source] of Object.entries(DESIGNS)) this.write(name, source);
    this.write("vm-pat.js", exampleOfTheDocument());
    this.build();
  }

  /** Takes the types out of every design in TypeScript, for a Node that does not: NAME.mjs. */
  private build(): void {
    const names = Object.keys(DESIGNS).filter((name) => name.endsWith(".ts"));
    const args = ["--format=esm", "--out-extension:.js=.mjs", "--outdir=.", "--log-level=error"];
    execFileSync(resolve("node_modules/.bin/esbuild"), [...args, ...names], { cwd: this.path });
  }

  /** Writes a file and returns the id that opens it as a design. */
  write(name: string, text: string): string {
    writeFileSync(join(this.path, name), text);
    return `file:${name}`;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
