/** What dmesg, journalctl, /dev/kmsg, consoles and mails write before a message, outermost first. */
const PREFIXES: readonly RegExp[] = [
  // Quoted in a mail, a table or a list.
  /^(?:[>|*] ?)+/,
  /^<\d+>/,
  /^\d+,\d+,\d+,[^;]*;/,
  // Of a journal in any of its styles: a time, which may have a day and a zone, and the host.
  /^(?:[\w:.,+-]+ +){0,5}kernel(?:\[\d+\])?: ?/,
  // RFC 5424, as rsyslog and journald forward it.
  /^\d \S+ \S+ kernel \S+ \S+ \S+ /,
  /^\d{4}-\d\d-\d\d[T ][\d:.,+-]+Z? /,
  /^[a-z]+ *:[a-z]+ *: ?/,
  /^\[[\w\s.:,+-]+\] ?/,
];

/** What a journal as JSON (journalctl -o json) has as the message of an entry; else the line. */
function entryIn(line: string): string {
  const message = /^\{.*"MESSAGE" ?: ?("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
  return message === undefined ? line : String(JSON.parse(message));
}

/** A message of the kernel without what stands before it in a log. */
export function bareLine(line: string): string {
  let bare = entryIn(line.trim());
  for (let from = ""; from !== bare; ) {
    from = bare;
    for (const prefix of PREFIXES) bare = bare.replace(prefix, "").trimStart();
  }
  return bare;
}
