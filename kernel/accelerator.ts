import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache.ts";
import { Guest, GuestLost } from "./guest.ts";
import type { Accelerator, MachineParts } from "./qemu.ts";

/** `auto`: KVM where a guest really boots under it, else TCG. */
export type AcceleratorChoice = Accelerator | "auto";

const PROBE_LIMIT_MS = 20_000;

function kvmOpens(): boolean {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The answer of an earlier probe since this machine booted, or null. */
function remembered(path: string, boot: string): Accelerator | null {
  try {
    const [seen, answer] = readFileSync(path, "utf8").trim().split(" ");
    if (seen !== boot) return null;
    return answer === "kvm" || answer === "tcg" ? answer : null;
  } catch {
    return null;
  }
}

/**
 * Which accelerator to use. That /dev/kvm opens does not mean that it runs guests (nested
 * virtualisation often does not), so `auto` boots one and waits; the answer is kept until the
 * machine boots again.
 */
export async function chooseAccelerator(
  choice: AcceleratorChoice,
  parts: Omit<MachineParts, "accelerator">,
): Promise<Accelerator> {
  if (choice !== "auto") return choice;
  if (!kvmOpens()) return "tcg";
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const memory = join(cacheFolder(), "accelerator");
  const known = remembered(memory, boot);
  if (known !== null) return known;
  const answer = await probeKvm(parts);
  mkdirSync(cacheFolder(), { recursive: true });
  writeFileSync(memory, `${boot} ${answer}\n`);
  return answer;
}

async function probeKvm(parts: Omit<MachineParts, "accelerator">): Promise<Accelerator> {
  const limits = { boot: PROBE_LIMIT_MS, op: PROBE_LIMIT_MS };
  try {
    const guest = await Guest.boot({ ...parts, accelerator: "kvm" }, limits);
    await guest.close();
    return "kvm";
  } catch (error) {
    if (error instanceof GuestLost) return "tcg";
    throw error;
  }
}
