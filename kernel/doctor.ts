import { existsSync } from "node:fs";
import { chooseAccelerator } from "./accelerator.ts";
import { Guest, GuestLost } from "./guest.ts";
import { buildInitramfs, compiler } from "./guestimage.ts";
import { cachedImages, locateImage } from "./images.ts";
import { type KernelOption, lackOf, lacksByConsole, lackText, mendOf } from "./lacks.ts";
import { moduleOf } from "./modules.ts";
import { QEMU, requireQemu } from "./qemu.ts";
import { run } from "./run.ts";
import { KernelUnavailable } from "./unavailable.ts";

/** One thing that kernels need or profit from. `mend` is null where nothing is to be done. */
export interface Diagnosis {
  readonly what: string;
  /** `slower`: it works without, at a price. `partly`: campaigns leave something out. */
  readonly state: "ok" | "missing" | "slower" | "partly";
  readonly detail: string;
  readonly mend: string | null;
}

async function program(
  what: string,
  command: readonly [string, ...string[]],
  mend: string,
): Promise<Diagnosis> {
  const { missing, stdout } = await run(command[0], command.slice(1));
  const detail = stdout.split("\n")[0] ?? "";
  return missing
    ? { what, state: "missing", detail: `no ${command[0]}`, mend }
    : { what, state: "ok", detail, mend: null };
}

async function guest(): Promise<Diagnosis> {
  const what = "guest";
  try {
    return { what, state: "ok", detail: await buildInitramfs(null), mend: null };
  } catch (error) {
    if (error instanceof KernelUnavailable) {
      return { what, state: "missing", detail: error.message, mend: error.mend };
    }
    const detail = error instanceof Error ? error.message : String(error);
    return { what, state: "missing", detail, mend: "apt-get install gcc libc6-dev" };
  }
}

function images(): Diagnosis {
  const releases = cachedImages().map(({ release }) => release);
  const mend = "pfndiff kernel fetch 6.12";
  return releases.length === 0
    ? { what: "image", state: "missing", detail: "no kernel is fetched", mend }
    : { what: "image", state: "ok", detail: releases.join(", "), mend: null };
}

/** Whether KVM runs guests; without an image to boot it can only tell whether it opens. */
async function kvm(others: readonly Diagnosis[]): Promise<Diagnosis> {
  const slower = (detail: string, mend: string): Diagnosis => {
    return { what: "kvm", state: "slower", detail, mend };
  };
  if (!existsSync("/dev/kvm")) {
    return slower("no /dev/kvm: guests run under TCG", "modprobe kvm_intel (or kvm_amd)");
  }
  if (others.some(({ state }) => state === "missing")) {
    return slower("cannot be tried before the rest is there", "mend the rest first");
  }
  const release = cachedImages()[0]?.release ?? "";
  const bzImage = locateImage(release);
  const parts = { bzImage, initramfs: await buildInitramfs(null) };
  return (await chooseAccelerator("auto", parts)) === "kvm"
    ? { what: "kvm", state: "ok", detail: "a guest boots under KVM", mend: null }
    : slower("no guest boots under KVM: TCG is used", "use a machine with (nested) virtualisation");
}

/** What is there for real kernels, what is missing, and the command that mends it. */
export async function diagnose(): Promise<Diagnosis[]> {
  const needed = await Promise.all([
    program("qemu", [QEMU, "--version"], "apt-get install qemu-system-x86"),
    program("setpriv", ["setpriv", "--version"], "apt-get install util-linux"),
    program("compiler", [compiler(), "--version"], "apt-get install gcc libc6-dev"),
    guest(),
  ]);
  needed.push(images());
  return [...needed, await kvm(needed)];
}

function lackRow(option: KernelOption): Diagnosis {
  const { needed } = lackOf(option);
  const state = needed === true ? "missing" : "partly";
  return { what: "kernel", state, detail: lackText(option), mend: mendOf(option) };
}

/** What a kernel that did not come up was built without, as far as its guest or its console shows. */
function lostRows({ message, console, lacks }: GuestLost): Diagnosis[] {
  if (lacks.length > 0) return lacks.map(lackRow);
  const likely = lacksByConsole(console);
  const last = console.trim().split("\n").at(-1) ?? "";
  const row = (detail: string, mend: string): Diagnosis => {
    return { what: "kernel", state: "missing", detail, mend };
  };
  if (likely.length > 0) {
    const detail = `${message}: ${likely.join(" or ")} is not set`;
    return [row(detail, likely.map((option) => `${option}=y`).join(" "))];
  }
  return [row(`${message} (last line of its console: ${last})`, "name an x86-64 bzImage")];
}

/**
 * Boots a kernel (a release or the path of a bzImage) and tells each option that it was built without
 * and that guests need or traces show. Throws KernelUnavailable where nothing can be booted.
 */
export async function diagnoseKernel(spec: string): Promise<Diagnosis[]> {
  await requireQemu();
  const bzImage = locateImage(spec);
  const parts = { bzImage, initramfs: await buildInitramfs(moduleOf(bzImage)) };
  const accelerator = await chooseAccelerator("auto", parts);
  const began = performance.now();
  try {
    const guest = await Guest.boot({ ...parts, accelerator });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    await guest.close();
    const { release, design } = guest.kernel;
    const detail = `${release} (${design}), up after ${seconds} s`;
    const lacks = guest.lacks.map(lackRow);
    return [{ what: "kernel", state: "ok", detail, mend: null }, ...lacks];
  } catch (error) {
    if (!(error instanceof GuestLost)) throw error;
    return lostRows(error);
  }
}
