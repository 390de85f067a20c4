import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheFolder } from "./cache.ts";
import { type Outcome, run } from "./run.ts";
import { KernelUnavailable } from "./unavailable.ts";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
/** 6.1 and 6.12 come from bookworm and its security suite, newer ones from the backports and sid. */
const SUITES = ["bookworm", "bookworm-updates", "trixie-backports", "sid"] as const;
const SECURITY_SUITE = "bookworm-security";
const LOCK_WAITS = 60;

/** Suites that are read where they are asked for: release candidates, and fixes not yet in a point release. */
export type AskedSuite = "experimental" | "trixie-security";

/** A package that apt offers. */
export interface OfferedPackage {
  readonly name: string;
  readonly version: string;
}

/**
 * Where Debian and its security suite are found: by PFNDIFF_DEBIAN_MIRROR, or by what the
 * system's own apt configuration names (`apt-get --print-uris update` works without any lists).
 */
export function mirrorsIn(printedUris: string): { main: string | null; security: string | null } {
  const bases = [...printedUris.matchAll(/^'(\S+)\/dists\/[^/\s]+\/\S*'/gm)].map(
    ([, base = ""]) => base,
  );
  return {
    main: bases.find((base) => base.endsWith("/debian")) ?? null,
    security: bases.find((base) => base.endsWith("/debian-security")) ?? null,
  };
}

async function sources(also: readonly AskedSuite[]): Promise<string> {
  const printed = await run("apt-get", ["--print-uris", "update"], { env: { APT_CONFIG: "" } });
  if (printed.missing) {
    throw new KernelUnavailable("no apt-get", "use kernel:PATH with a bzImage of your own");
  }
  const found = mirrorsIn(printed.stdout);
  const main = process.env["PFNDIFF_DEBIAN_MIRROR"] ?? found.main;
  if (main === null) {
    const mend = "set PFNDIFF_DEBIAN_MIRROR to the address of a Debian mirror";
    throw new KernelUnavailable("apt is not configured for a Debian mirror", mend);
  }
  if (!existsSync(KEYRING)) {
    throw new KernelUnavailable(`no ${KEYRING}`, "apt-get install debian-archive-keyring");
  }
  const line = (base: string, suite: string) => `deb [signed-by=${KEYRING}] ${base} ${suite} main`;
  const lines = SUITES.map((suite) => line(main, suite));
  if (found.security !== null) lines.push(line(found.security, SECURITY_SUITE));
  for (const suite of new Set(also)) {
    const base = suite === "experimental" ? main : found.security;
    if (base === null) {
      const mend = "name Debian's security suite in the sources of apt";
      throw new KernelUnavailable(`apt is not configured for a mirror of ${suite}`, mend);
    }
    lines.push(line(base, suite));
  }
  return `${lines.join("\n")}\n`;
}

/**
 * Runs an apt program with a configuration of our own, all of whose state lies in the cache: the
 * system's sources, lists and status are neither used nor changed, and an APT_CONFIG of the
 * environment, which could name programs to run, counts for nothing. Signatures are checked as
 * always. Waits for another run of ours that holds the lock.
 */
async function apt(program: string, args: readonly string[], cwd?: string): Promise<Outcome> {
  const config = join(cacheFolder(), "apt", "apt.conf");
  const options = { env: { APT_CONFIG: config }, ...(cwd === undefined ? {} : { cwd }) };
  for (let attempt = 0; ; attempt++) {
    const outcome = await run(program, args, options);
    const locked = outcome.status !== 0 && outcome.stderr.includes("Could not get lock");
    if (!locked || attempt === LOCK_WAITS) return outcome;
    await sleep(1_000);
  }
}

async function configure(also: readonly AskedSuite[]): Promise<void> {
  const folder = join(cacheFolder(), "apt");
  mkdirSync(join(folder, "lists", "partial"), { recursive: true });
  mkdirSync(join(folder, "cache", "archives", "partial"), { recursive: true });
  writeFileSync(join(folder, "sources.list"), await sources(also));
  writeFileSync(join(folder, "status"), "");
  const settings: Readonly<Record<string, string>> = {
    "APT::Architecture": "amd64",
    "APT::Architectures": "amd64",
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Dir::Etc::sourcelist": join(folder, "sources.list"),
    "Dir::Etc::sourceparts": "-",
    "Dir::Etc::preferences": "-",
    "Dir::Etc::preferencesparts": "-",
    "Dir::State::lists": join(folder, "lists"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";`);
  writeFileSync(join(folder, "apt.conf"), `${lines.join("\n")}\n`);
}

/** Brings our package lists up to date, those of the asked suites too. */
export async function refreshLists(also: readonly AskedSuite[]): Promise<void> {
  await configure(also);
  const { status, stderr } = await apt("apt-get", ["-q", "update"]);
  if (status !== 0) {
    throw new KernelUnavailable(`apt-get update failed: ${stderr.trim()}`, "look at the network");
  }
}

/** Every version on offer of the packages whose name `wanted` accepts. */
export async function offeredPackages(
  wanted: (name: string) => boolean,
): Promise<OfferedPackage[]> {
  const { stdout } = await apt("apt-cache", ["pkgnames", "linux-"]);
  const names = stdout.split("\n").filter(wanted).sort();
  if (names.length === 0) return [];
  const madison = await apt("apt-cache", ["madison", ...names]);
  return [...madison.stdout.matchAll(/^\s*(\S+) \| +(\S+) \|.*Packages$/gm)].map(
    ([, name = "", version = ""]) => ({ name, version }),
  );
}

/** The newest version on offer of a package, or null. */
export async function newestOffered(name: string): Promise<OfferedPackage | null> {
  const { stdout } = await apt("apt-cache", ["madison", name]);
  const [, version] = /^\s*\S+ \| +(\S+) \|.*Packages$/m.exec(stdout) ?? [];
  return version === undefined ? null : { name, version };
}

/** Downloads a package into a folder; apt checks it against the signed lists. */
export async function downloadPackage(
  { name, version }: OfferedPackage,
  folder: string,
): Promise<void> {
  const { status, stderr } = await apt("apt-get", ["-q", "download", `${name}=${version}`], folder);
  if (status !== 0) {
    throw new KernelUnavailable(`apt-get download failed: ${stderr.trim()}`, "look at the network");
  }
}
