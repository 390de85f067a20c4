import { addressOf } from "../words.ts";

/** A reference, as a link where it names a commit, a message or a web address and nothing else. */
export function Reference({ text }: { text: string }) {
  const address = addressOf(text);
  if (address === null) return <span>{text}</span>;
  return (
    <a href={address} rel="noreferrer noopener">
      {text}
    </a>
  );
}
