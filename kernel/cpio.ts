/** One member of an initramfs. */
export type CpioEntry =
  | { readonly kind: "directory"; readonly name: string }
  | { readonly kind: "file"; readonly name: string; readonly mode: number; readonly data: Buffer }
  | {
      readonly kind: "character-device";
      readonly name: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

const TYPE = { directory: 0o040000, file: 0o100000, "character-device": 0o020000 } as const;

/** Zeroes up to the next multiple of four, which "newc" asks for after names and after data. */
function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

function member(entry: CpioEntry, inode: number): Buffer {
  const data = entry.kind === "file" ? entry.data : Buffer.alloc(0);
  const permissions = entry.kind === "directory" ? 0o755 : entry.mode;
  const device = entry.kind === "character-device" ? entry : { major: 0, minor: 0 };
  const name = Buffer.from(`${entry.name}\0`);
  const links = entry.kind === "directory" ? 2 : 1;
  const fields = [inode, TYPE[entry.kind] | permissions, 0, 0, links, 0, data.length, 0, 0];
  fields.push(device.major, device.minor, name.length, 0);
  const hex = fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  const head = Buffer.concat([Buffer.from(`070701${hex}`), name]);
  return Buffer.concat([head, padding(head.length), data, padding(data.length)]);
}

/**
 * A cpio archive in the "newc" format, which is what the kernel unpacks as an initramfs
 * (Documentation/driver-api/early-userspace/buffer-format). Equal entries make equal bytes.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const trailer: CpioEntry = { kind: "file", name: "TRAILER!!!", mode: 0, data: Buffer.alloc(0) };
  const members = entries.map((entry, index) => member(entry, index + 1));
  return Buffer.concat([...members, member(trailer, 0)]);
}
