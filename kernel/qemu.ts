import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.ts";
import { KernelUnavailable } from "./unavailable.ts";
import { WIRE } from "./wire.ts";

export const QEMU = "qemu-system-x86_64";
export type Accelerator = "tcg" | "kvm";

/**
 * The write-back region: memory above 4 GiB that is kept from the guest's kernel. Above, so that
 * what leaked there comes after the aperture in the memtype list, where the guest has stopped
 * reading.
 */
export const RESERVED = { address: 0x1_0000_0000, bytes: 0x800_0000 } as const;
const ISA_WINDOW = { start: 0xa_0000, end: 0x10_0000 } as const;
const ISA_REGION = {
  start: WIRE.ISA_REGION_ADDRESS,
  end: WIRE.ISA_REGION_ADDRESS + WIRE.ISA_REGION_BYTES,
} as const;
const LOW_MEMORY_MIB = 256;
const MEMORY_MIB = LOW_MEMORY_MIB + RESERVED.bytes / 0x10_0000;
const APERTURE_MIB = 256;
/**
 * A BAR that does not fit below 4 GiB: firmware puts it above, where the MTRRs have nothing to say and
 * their default type, write-back, holds. No page of it is ever touched but by traces.
 */
const LARGE_BAR_MIB = 8192;

/**
 * `loglevel=5` keeps the tracking's info lines off the (slow) console, which is for warnings and
 * panics; the guest reads /dev/kmsg. `iomem=strict` is what takes a BAR from user space when a
 * driver claims it; ours are not claimed otherwise. A guest that oopses is of no more use, so it panics, and `-no-reboot` turns the panic into an exit.
 */
const COMMAND_LINE = [
  "console=ttyS0",
  "loglevel=5",
  "panic=-1",
  "kasan_multi_shot",
  "log_buf_len=8M",
  "oops=panic",
  "iomem=strict",
  // Low memory on both sides of the ISA window is kept from the kernel too; behind it as another kind (!), since what joins the
  // firmware's own there is nobody's to map.
  `memmap=0x${(ISA_WINDOW.start - ISA_REGION.start).toString(16)}$0x${ISA_REGION.start.toString(16)}`,
  `memmap=0x${(ISA_REGION.end - ISA_WINDOW.end).toString(16)}!0x${ISA_WINDOW.end.toString(16)}`,
  `memmap=0x${RESERVED.bytes.toString(16)}$0x${RESERVED.address.toString(16)}`,
  `pfndiff.reserved=0x${RESERVED.address.toString(16)},0x${RESERVED.bytes.toString(16)}`,
  "mitigations=off",
  "nokaslr",
  "tsc=reliable",
  "audit=0",
  "apparmor=0",
].join(" ");

/** What a machine is made of. */
export interface MachineParts {
  readonly bzImage: string;
  readonly initramfs: string;
  readonly accelerator: Accelerator;
  /** One unless told; more than one run at once. */
  readonly processors?: number;
  /** Booted with `nopat`. */
  readonly isWithoutPat?: boolean;
}

function machineArguments(parts: MachineParts, mailbox: string, console: string): string[] {
  // Protection keys (pkey_mprotect()) are saved with XSAVE, which kernels do not get on with where it does not optimise.
  const cpu = parts.accelerator === "kvm" ? "host" : "qemu64,+xsave,+xsaveopt,+pku";
  const shared = `size=${WIRE.MAILBOX_BYTES},mem-path=${mailbox}`;
  const pairs = [
    ["-display", "none"],
    ["-monitor", "none"],
    ["-machine", `pc,max-ram-below-4g=${LOW_MEMORY_MIB}M`],
    ["-accel", parts.accelerator],
    ["-cpu", cpu],
    ["-smp", String(parts.processors ?? 1)],
    ["-m", `${MEMORY_MIB}M`],
    ["-kernel", parts.bzImage],
    ["-initrd", parts.initramfs],
    ["-append", parts.isWithoutPat === true ? `${COMMAND_LINE} nopat` : COMMAND_LINE],
    ["-object", `memory-backend-ram,id=aperture,size=${APERTURE_MIB}M`],
    ["-device", "ivshmem-plain,memdev=aperture,addr=5"],
    ["-object", `memory-backend-ram,id=large,size=${LARGE_BAR_MIB}M,reserve=off`],
    ["-device", "ivshmem-plain,memdev=large,addr=7"],
    ["-object", `memory-backend-file,id=mailbox,share=on,${shared}`],
    ["-device", "ivshmem-plain,memdev=mailbox,addr=6"],
    ["-chardev", `file,id=console,path=${console}`],
    ["-serial", "chardev:console"],
    ["-chardev", "stdio,id=doorbell,signal=off"],
    ["-serial", "chardev:doorbell"],
  ];
  return ["-nodefaults", "-no-user-config", "-no-reboot", ...pairs.flat()];
}

/** Throws KernelUnavailable where QEMU, or what ties its life to ours, is not installed. */
export async function requireQemu(): Promise<void> {
  const missing = async (program: string) => (await run(program, ["--version"])).missing;
  if (await missing(QEMU)) {
    throw new KernelUnavailable(`no ${QEMU}`, "apt-get install qemu-system-x86");
  }
  if (await missing("setpriv")) {
    throw new KernelUnavailable("no setpriv", "apt-get install util-linux");
  }
}

/** The machines of this process that run, so that its exit takes them along. */
const running = new Set<Machine>();
process.on("exit", () => {
  for (const machine of running) machine.kill();
});

/**
 * One QEMU process, its mailbox and its console. It is in a session of its own, so that Ctrl-C
 * reaches only us and we can end in order; and it is killed by the system when we die, however we
 * die (setpriv --pdeathsig). Files are in a folder of its own, gone once QEMU has opened them.
 */
export class Machine {
  readonly process: ChildProcessWithoutNullStreams;
  readonly #folder: string;
  readonly #mailbox: number;
  readonly #console: number;
  #stderr = "";

  constructor(parts: MachineParts) {
    this.#folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "pfndiff-"));
    const mailbox = join(this.#folder, "mailbox");
    const console = join(this.#folder, "console");
    this.#mailbox = openSync(mailbox, "w+");
    ftruncateSync(this.#mailbox, WIRE.MAILBOX_BYTES);
    this.#console = openSync(console, "w+");
    const command = ["--pdeathsig", "KILL", QEMU, ...machineArguments(parts, mailbox, console)];
    this.process = spawn("setpriv", command, { detached: true, stdio: ["pipe", "pipe", "pipe"] });
    this.process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    // A guest that is gone breaks the pipe; its end is told by "close", not here.
    this.process.stdin.on("error", () => this.kill());
    this.process.once("close", () => running.delete(this));
    running.add(this);
  }

  /** QEMU has its files open by now; nothing stays behind, even if we are killed. */
  forgetFiles(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  write(bytes: Buffer, at: number): void {
    writeSync(this.#mailbox, bytes, 0, bytes.length, at);
  }

  /** Reads from the mailbox; a short read returns fewer bytes. */
  read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(this.#mailbox, bytes, 0, length, at));
  }

  /** The console so far, and what QEMU itself said. */
  console(): string {
    const bytes = Buffer.alloc(1 << 20);
    return (
      bytes.toString("utf8", 0, readSync(this.#console, bytes, 0, bytes.length, 0)) + this.#stderr
    );
  }

  /** Processor time that QEMU has used so far, in seconds, by all of its threads that live. */
  processorSeconds(): number {
    const tasks = `/proc/${this.process.pid}/task`;
    return readdirSync(tasks).reduce((sum, task) => {
      const [nanoseconds = ""] = readFileSync(join(tasks, task, "schedstat"), "utf8").split(" ");
      return sum + Number(nanoseconds) / 1e9;
    }, 0);
  }

  kill(): void {
    if (this.process.exitCode === null) this.process.kill("SIGKILL");
    this.forgetFiles();
  }

  /** Kills the machine, waits until it is gone, and closes the files. */
  async destroy(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      if (running.has(this)) this.process.once("close", () => resolve());
      else resolve();
    });
    this.kill();
    await gone;
    closeSync(this.#mailbox);
    closeSync(this.#console);
  }
}
