/** `1 finding`, `2 findings`, with thousands set apart. */
export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A number with its thousands set apart; the same in every locale. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** A template whose numbers have their thousands set apart. */
export function counted(
  texts: TemplateStringsArray,
  ...values: readonly (number | string)[]
): string {
  const said = values.map((value) => (typeof value === "number" ? grouped(value) : value));
  return texts.map((text, at) => `${text}${said[at] ?? ""}`).join("");
}
