import type { Work } from "./sandbox/work.ts";

interface FunctionsProps {
  readonly work: Work;
  readonly step: number;
  /** What ran. */
  readonly backend: string;
}

/** What the side's tracking did, by the kernel's functions; whose model tells, where it is not the side itself. */
export function Functions({ work, step, backend }: FunctionsProps) {
  const did = work.steps[step];
  return (
    <div class="functions">
      <h4>
        What the kernel does
        {work.model === backend ? null : (
          <span class="muted small"> (as its model {work.model} does it)</span>
        )}
      </h4>
      {did === undefined ? (
        <p class="muted small">The model does something else here, so it does not tell.</p>
      ) : did.length === 0 ? (
        <p class="muted small">Its tracking does nothing.</p>
      ) : (
        <ol>
          {did.map((text, index) => (
            <li key={index}>{text}</li>
          ))}
        </ol>
      )}
    </div>
  );
}
