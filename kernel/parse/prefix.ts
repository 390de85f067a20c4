/** What dmesg, journalctl, /dev/kmsg, consoles and mails write before a message, outermost first. */
const PREFIXES: readonly RegExp[] = [
  /^(?:> ?)+/,
  /^<\d+>/,
  /^\d+,\d+,\d+,[^;]*;/,
  /^(?:\w{3} +\d+ [\d:.]+|\d{4}-\d\d-\d\d[T ][\d:.,+-]+Z?) \S+ kernel: ?/,
  /^kernel: ?/,
  /^[a-z]+ *:[a-z]+ *: ?/,
  /^\[[\w\s.:,+-]+\] ?/,
];

/** A message of the kernel without what stands before it in a log. */
export function bareLine(line: string): string {
  let bare = line.trim();
  for (let from = ""; from !== bare; ) {
    from = bare;
    for (const prefix of PREFIXES) bare = bare.replace(prefix, "").trimStart();
  }
  return bare;
}
