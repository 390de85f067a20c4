import { FRONT_HASH } from "./route.ts";
import { SandboxPage } from "./sandbox/page.tsx";
import { ThemeToggle } from "./theme.tsx";
import { skipToContent, usePlace } from "./place.ts";

/** The sandbox alone, without a report; `start` is what it opens where the address does not say. */
export function SandboxApp({ start }: { start: string }) {
  const { route } = usePlace();
  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>
        Skip to content
      </a>
      <header class="topbar">
        <a class="brand" href={FRONT_HASH}>
          pfndiff
        </a>
        <span class="tools">
          <ThemeToggle />
        </span>
      </header>
      <main id="content" tabIndex={-1}>
        <SandboxPage address={route.page === "sandbox" ? route.address : start} />
      </main>
    </>
  );
}
