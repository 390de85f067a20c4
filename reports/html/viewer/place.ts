import { useLayoutEffect, useState } from "preact/hooks";
import { type Route, routeOf } from "./route.ts";

/** The fragment says what is shown, so the focus moves and the address stays. */
export function skipToContent(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("#content")?.focus();
}

/** Where the reader is, and the finding that was open last before that. */
export interface Place {
  readonly route: Route;
  readonly left: string | null;
}

/**
 * Follows the address. The finding left is taken from the event, not from what was drawn: keys may
 * come faster than pages, and a finding that was passed without a frame was still the last one.
 */
export function usePlace(): Place {
  const [place, setPlace] = useState<Place>(() => ({ route: routeOf(location.hash), left: null }));
  useLayoutEffect(() => {
    const follow = ({ oldURL }: HashChangeEvent) => {
      const from = routeOf(new URL(oldURL).hash);
      setPlace(({ left }) => ({
        route: routeOf(location.hash),
        left: from.page === "finding" ? from.signature : left,
      }));
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return place;
}
