import { useEffect, useState } from "preact/hooks";

const CHOICES = ["auto", "light", "dark"] as const;
type Choice = (typeof CHOICES)[number];

const LABEL: Readonly<Record<Choice, string>> = {
  auto: "◐ Auto",
  light: "○ Light",
  dark: "● Dark",
};
const KEY = "pfndiff-theme";

/** Light, dark, or what the system says; kept where the browser lets a local file keep it. */
export function ThemeToggle() {
  const [choice, setChoice] = useState<Choice>(saved);
  useEffect(() => {
    if (choice === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    save(choice);
  }, [choice]);
  const next = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? "auto";
  return (
    <button
      type="button"
      class="quiet"
      aria-label={`Theme: ${choice}. Switch to ${next}`}
      onClick={() => setChoice(next)}
    >
      {LABEL[choice]}
    </button>
  );
}

function saved(): Choice {
  const text = storage()?.getItem(KEY);
  return CHOICES.find((choice) => choice === text) ?? "auto";
}

function save(choice: Choice): void {
  storage()?.setItem(KEY, choice);
}

/** Browsers may deny storage to local files by throwing. */
function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
