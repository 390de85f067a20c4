import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { cacheFolder } from "../kernel/cache.ts";
import { compiler } from "../kernel/guestimage.ts";
import { type Outcome, run } from "../kernel/run.ts";
import { KernelUnavailable } from "../kernel/unavailable.ts";
import { writeWhole } from "../src/results/disk.ts";
import { UserError } from "../src/usererror.ts";
import { alone, bringCopy, copyOf, hashOf, sourcesIn, type Watcher } from "./copy.ts";
import { keepNotes } from "./coverage.ts";
import { programSources } from "./glue.ts";
import { linkProgram, RECIPE } from "./link.ts";
import { BuildLog } from "../kernel/buildlog.ts";
import { digestOf, isWanted, type Sources, type TreeSpec } from "./sources.ts";

/** How a program is to be built. */
export interface BuildOptions {
  /** A file of kernel options on top of ours. */
  readonly config: string | null;
  /** With counters of the lines and branches that run. */
  readonly isCovered: boolean;
  /** To run two tasks by turns: spinlocks are calls, and so is every access of memory (docs/RACES.md). */
  readonly isRaced?: boolean;
  /** With a check of each access for memory that has been freed. */
  readonly isSanitized?: boolean;
}

/** A tree's program, built, and what it was built of. */
export interface BuiltTree {
  /** The program's path. */
  readonly program: string;
  /** A hash of all files of the tree that it may be made of. */
  readonly digest: string;
}

/**
 * Builds the program of a tree, or finds it built. All work is done on a copy in the cache, one for each
 * tree and compiler, which goes from one state or revision of the tree to another by the files that differ,
 * so that only what changed is compiled again; the program's name holds a hash of everything that it is made
 * of. Throws KernelUnavailable where it does not build.
 */
export async function buildTree(
  id: string,
  spec: TreeSpec,
  { config, isCovered, isRaced = false, isSanitized = false }: BuildOptions,
  watcher: Watcher,
): Promise<BuiltTree> {
  const kinds = { " with coverage": isCovered, " raced": isRaced, " sanitized": isSanitized };
  const kind = Object.entries(kinds).flatMap(([name, is]) => (is ? [name] : []));
  const cc = `${await compilerVersion()}${kind.join("")}`;
  const options = `${isRaced ? RACED_OPTIONS : ""}${config === null ? "" : optionsIn(config)}`;
  const work = join(cacheFolder(), "trees", hashOf(spec.path, cc, options));
  mkdirSync(work, { recursive: true });
  const look = async () => {
    watcher.progress(`${id}: looking for what has changed`);
    const sources = await sourcesIn(spec, work, isWanted);
    const digest = digestOf(sources.files);
    const program = join(work, "programs", hashOf(digest, programSources().hash, RECIPE));
    return { sources, digest, program };
  };
  const seen = await look();
  if (existsSync(seen.program)) return seen;
  return alone(id, work, watcher, async () => {
    // Whoever was waited for may have built it, and a tree as it stands may be edited meanwhile.
    const { sources, digest, program } = await look();
    if (!existsSync(program)) {
      await bringCopy(sources, work);
      await makeProgram({
        id,
        work,
        program,
        options,
        kconfig: kconfigOf(sources),
        isCovered,
        isRaced,
        isSanitized,
        watcher,
      });
    }
    return { program, digest };
  });
}

export async function compilerVersion(): Promise<string> {
  const { missing, stdout } = await run(compiler(), ["--version"]);
  if (missing) {
    throw new KernelUnavailable(`no C compiler (${compiler()})`, "apt-get install build-essential");
  }
  return `${compiler()} ${stdout.split("\n")[0]}`;
}

interface Making {
  readonly id: string;
  readonly work: string;
  readonly program: string;
  readonly options: string;
  /** A hash of what there is to configure. */
  readonly kconfig: string;
  readonly isCovered: boolean;
  readonly isRaced: boolean;
  readonly isSanitized: boolean;
  readonly watcher: Watcher;
}

async function makeProgram(making: Making): Promise<void> {
  const { id, work, program, isCovered, isRaced, isSanitized, watcher } = making;
  const flags = isCovered ? COVERED : isRaced ? RACED : isSanitized ? SANITIZED : "";
  const copy = copyOf(work);
  const glue = programSources();
  const log = new BuildLog(id, join(work, "log"), watcher.interrupted);
  const make: Make = (targets, onStdout = () => undefined) =>
    log.step(
      "make",
      ["-C", copy, `CC=${compiler()}`, ...LEFT_OUT, `KCFLAGS=${flags}`, ...targets],
      {
        env: ENV,
        onStdout,
      },
    );
  for (const { from, to } of glue.inTree) {
    if (!existsSync(dirname(join(copy, to)))) {
      throw new KernelUnavailable(
        `${id} is of no release that the program knows: it has no ${dirname(to)}`,
        "see docs/TREES.md",
      );
    }
    writeChanged(join(copy, to), readFileSync(from));
  }
  await configure(making, make);
  const own = glue.inTree
    .filter(({ to }) => to.endsWith(".c"))
    .map(({ to }) => to.replace(/\.c$/, ".o"));
  let files = 0;
  const compile = (objects: readonly string[]) =>
    make([`-j${availableParallelism()}`, ...OBJECTS_ONLY, ...objects], (text) => {
      files += text.match(/^ {2}(CC|AS|HOSTCC) /gm)?.length ?? 0;
      watcher.progress(`${id}: ${files} files compiled`);
    });
  mkdirSync(dirname(program), { recursive: true });
  const draft = join(work, `draft-${basename(program)}`);
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft);
  await linkProgram({ log, copy, draft, glue, own, isCovered, compile });
  if (isCovered) keepNotes(copy, program);
  renameSync(join(draft, "pfntree"), program);
  rmSync(draft, { recursive: true, force: true });
}

type Make = (targets: readonly string[], onStdout?: (text: string) => void) => Promise<Outcome>;

/**
 * Of no use in a process, and it takes long to build: what objtool checks and rewrites, the sorting of an image's
 * tables. arch/x86/lib is reached by way of arch/x86 and of this list; two at once would write the same files.
 */
const LEFT_OUT = ["CONFIG_OBJTOOL=", "CONFIG_BUILDTIME_TABLE_SORT=", "ARCH_LIB="];
/** What modules and images need beside objects; what configures the tree has been built by then. */
const OBJECTS_ONLY = ["always-y=", "hostprogs-always-y="];

/** As the kernel's own makefiles have it for CONFIG_GCOV_KERNEL. */
const COVERED = "-fprofile-arcs -ftest-coverage -fno-tree-loop-im";

/** Accesses of memory are told as for CONFIG_KCSAN. */
const RACED = [
  "-fsanitize=thread",
  "--param tsan-distinguish-volatile=1",
  "--param tsan-instrument-func-entry-exit=0",
].join(" ");
const RACED_OPTIONS = "CONFIG_DEBUG_SPINLOCK=y\n";
/** A call of the host half before each access, as the kernel's makefiles have it for KASAN without inlining. */
const SANITIZED =
  "-fsanitize=kernel-address --param asan-instrumentation-with-call-threshold=0 --param asan-stack=0 --param asan-globals=0";

/** A time stamp that is always the same keeps what has not changed from being made again. */
const ENV = { KBUILD_BUILD_TIMESTAMP: "0" };

/** What tinyconfig goes by. */
const TINY = [
  "kernel/configs/tiny-base.config",
  "kernel/configs/tiny.config",
  "arch/x86/configs/tiny.config",
];

/** A hash of the files that say which options there are. */
function kconfigOf({ files }: Sources): string {
  return digestOf(new Map([...files].filter(([path]) => /(^|\/)Kconfig[^/]*$/.test(path))));
}

/** Configures the copy where the options, or what there is to choose from, are others than last time. */
async function configure(
  { id, work, options, kconfig, watcher }: Making,
  make: Make,
): Promise<void> {
  const copy = copyOf(work);
  const wanted = `${readFileSync(programSources().options, "utf8")}\n${options}`;
  const file = join(work, "options.config");
  const mark = join(work, "configured");
  const state = hashOf(wanted, kconfig);
  if (existsSync(mark) && readFileSync(mark, "utf8") === state) return;
  watcher.progress(`${id}: configuring`);
  const tiny = TINY.map((path) => readFileSync(join(copy, path), "utf8"));
  writeFileSync(file, [...tiny, wanted].join("\n"));
  await make([`KCONFIG_ALLCONFIG=${file}`, "allnoconfig"]);
  for (const line of unheld(options, readFileSync(join(copy, ".config"), "utf8"))) {
    watcher.tell(`${id}: ${line} does not hold beside what the program needs`);
  }
  await writeWhole(mark, state, false);
}

/** A user's file of kernel options. */
export function optionsIn(path: string): string {
  if (!existsSync(path)) throw new UserError(`--config: ${path} is not there`);
  return readFileSync(path, "utf8");
}

/** The options that were asked for and are not in a configuration. */
export function unheld(asked: string, config: string): string[] {
  const lines = new Set(config.split("\n"));
  return asked.split("\n").filter((line) => /^(# )?CONFIG_/.test(line) && !lines.has(line));
}

/** Writes a file where it is not there as it should be: its time tells make whether to go by it. */
function writeChanged(path: string, content: Buffer): void {
  if (!existsSync(path) || !readFileSync(path).equals(content)) writeFileSync(path, content);
}
