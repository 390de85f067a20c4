import { useState } from "preact/hooks";

interface CopyOffersProps {
  readonly offers: readonly (readonly [name: string, text: string])[];
}

/** Buttons that put a text on the clipboard; a text that there is not has no button. */
export function CopyOffers({ offers }: CopyOffersProps) {
  const [said, setSaid] = useState("");
  const onCopy = async (name: string, text: string) => {
    const copied = await copyText(text);
    setSaid(copied ? `Copied: ${name}` : `The browser did not let the page copy the ${name}`);
  };
  return (
    <div class="copy">
      {offers.map(([name, text]) =>
        text === undefined ? null : (
          <button key={name} type="button" onClick={() => onCopy(name, text)}>
            Copy {name}
          </button>
        ),
      )}
      <span class="small" role="status">
        {said}
      </span>
    </div>
  );
}

/** Copies by the clipboard API or, where a local file has none, by a selection. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelection(text);
  }
}

function copySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}
