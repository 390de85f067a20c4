import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Replay } from "../../../../src/replay.ts";
import { linkTo, readLink } from "../../../../src/trace/link.ts";
import { bothSides } from "../../../sides.ts";
import { plural } from "../../../numbers.ts";
import { headline, sideName, SIDE_NAME } from "../../words.ts";
import { VerdictBadge } from "../badge.tsx";
import { GlanceCard } from "../glance.tsx";
import { isTyping } from "../keys.ts";
import { Stage } from "../stage.tsx";
import type { Subject } from "../subject.ts";
import { workOf } from "./work.ts";
import { type Bench, openingBench, type Run, runBench } from "./bench.ts";
import { Controls } from "./controls.tsx";
import { Exports } from "./exports.tsx";
import { OpList } from "./oplist.tsx";
import { begun, changed, looked, redone, type Session, undone } from "./session.ts";

const ADDRESS_AFTER_MS = 300;

/**
 * The models, run in the page: a trace to change, and at once what both sides make of it. `address` is
 * the fragment that the page was opened with, and anybody may have written it.
 */
export function SandboxPage({ address }: { address: string }) {
  const { session, setSession, refused, written } = useAddress(address);
  const { bench, step } = session;
  const run = useRun(bench);
  const shown = useLastGood(run);
  const link = run.ok ? linkTo({ ...bench, step }) : null;
  useKeptAddress(link, written);
  useSandboxKeys(setSession);
  useEffect(() => {
    document.title = "pfndiff: sandbox";
  }, []);
  const put = (now: Bench, at?: number) => setSession((old) => changed(old, now, at));
  const look = useCallback((at: number) => setSession((old) => looked(old, at)), [setSession]);
  const undo = undone(session);
  const redo = redone(session);
  return (
    <article class="sandbox">
      <Opening refused={refused} />
      <Controls
        bench={bench}
        onBench={put}
        onUndo={undo === null ? null : () => setSession(undo)}
        onRedo={redo === null ? null : () => setSession(redo)}
      />
      {run.ok ? null : (
        <p class="note" role="alert">
          This cannot run: {run.fault.message}. What is drawn is what ran last.
        </p>
      )}
      <div class="workbench">
        <OpList
          bench={bench}
          step={step}
          replay={run.ok ? run.replay : null}
          fault={run.ok ? null : run.fault}
          onLook={look}
          onOps={(ops, at) => put({ ...bench, trace: { ...bench.trace, ops: [...ops] } }, at)}
        />
        {shown === null ? null : <Shown replay={shown} step={step} onLook={look} />}
      </div>
      {link === null || !run.ok ? null : <Exports bench={bench} replay={run.replay} link={link} />}
    </article>
  );
}

function Opening({ refused }: { refused: string | null }) {
  return (
    <>
      <h1>Sandbox</h1>
      <p class="lead-sentence">
        Change an operation, a release or a design, and see at once what each side makes of it. The
        models run in this page; nothing leaves it.
      </p>
      {refused === null ? null : (
        <p class="note" role="alert">
          The link cannot be opened: {refused}.
        </p>
      )}
    </>
  );
}

/** What ran: the picture, the findings, and both sides after the step. */
function Shown({
  replay,
  step,
  onLook,
}: {
  readonly replay: Replay;
  readonly step: number;
  readonly onLook: (step: number) => void;
}) {
  const subject = useMemo((): Subject => {
    const { trace, before, after, findings } = replay;
    const sides = bothSides(replay);
    const work = workOf(trace, { before, after }, sides);
    return { trace, names: { before, after }, found: findings, work, show: onLook, ...sides };
  }, [replay, onLook]);
  return (
    <div class="shown-run">
      <GlanceCard subject={subject} step={step} />
      <Findings replay={replay} onLook={onLook} />
      <Stage subject={subject} step={Math.min(step, Math.max(0, replay.steps.length - 1))} />
    </div>
  );
}

function Findings({ replay, onLook }: { replay: Replay; onLook: (step: number) => void }) {
  const { findings, notComparable } = replay;
  return (
    <section class="card run-findings" aria-labelledby="run-findings">
      <h2 id="run-findings">
        {findings.length === 0 ? "No finding" : plural(findings.length, "finding")}
      </h2>
      <ul>
        {findings.map((finding, index) => (
          <li key={index}>
            <VerdictBadge verdict={finding.verdict} /> <b>{headline(finding)}</b>,{" "}
            {SIDE_NAME[finding.side].toLowerCase()},{" "}
            <button type="button" class="link" onClick={() => onLook(finding.step)}>
              step {finding.step}
            </button>
            <span class="muted">{finding.detail}</span>
          </li>
        ))}
      </ul>
      {notComparable === 0 ? null : (
        <p class="small muted">
          {plural(notComparable, "step")} after which the sides have other mappings: what shows
          there says nothing of either design.
        </p>
      )}
      <p class="unseen" role="status">
        {sideName(replay, "before")}; {sideName(replay, "after")}:{" "}
        {plural(findings.length, "finding")}
      </p>
    </section>
  );
}

/** A fault of ours must not take the page away from somebody who is in the middle of something. */
function useRun(bench: Bench): Run {
  return useMemo(() => {
    try {
      return runBench(bench);
    } catch (error) {
      const message = `pfndiff itself failed: ${error instanceof Error ? error.message : "?"}`;
      return { ok: false, fault: { message, op: null } };
    }
  }, [bench]);
}

function useLastGood(run: Run): Replay | null {
  const last = useRef<Replay | null>(null);
  if (run.ok) last.current = run.replay;
  return last.current;
}

/** The session that an address opens; one that comes later is a change that can be undone. */
function useAddress(address: string) {
  const [opened] = useState(() => readLink(address));
  const [refused, setRefused] = useState(opened.ok ? null : opened.fault);
  const [session, setSession] = useState<Session>(() => {
    const { step, ...bench } = opened.ok ? opened.linked : openingBench();
    return begun(bench, step);
  });
  // What the page itself put into the address comes back late, when the bench may have gone on.
  const written = useRef([address]);
  useEffect(() => {
    const at = written.current.indexOf(address);
    if (at >= 0) {
      written.current.splice(0, at);
      return;
    }
    const read = readLink(address);
    setRefused(read.ok ? null : read.fault);
    if (!read.ok) return;
    const { step, ...linked } = read.linked;
    setSession((old) => changed(old, linked, step));
  }, [address]);
  return { session, setSession, refused, written };
}

/** Keeps the address up with the bench, if not with every key press. */
function useKeptAddress(link: string | null, written: { readonly current: string[] }): void {
  useEffect(() => {
    if (link === null || link === location.hash) return undefined;
    const timer = setTimeout(() => {
      written.current.push(link);
      location.replace(link);
    }, ADDRESS_AFTER_MS);
    return () => clearTimeout(timer);
  }, [link, written]);
}

/** The arrows go through the steps; Ctrl+Z and Ctrl+Shift+Z, or Ctrl+Y, through the changes. */
function useSandboxKeys(setSession: (change: (old: Session) => Session) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const key = event.key.toLowerCase();
      if (isTyping(event.target)) return;
      const change = changeOf(key, event);
      if (change === null) return;
      event.preventDefault();
      setSession(change);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [setSession]);
}

function changeOf(
  key: string,
  { ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent,
): ((old: Session) => Session) | null {
  if (altKey) return null;
  const isCommand = ctrlKey || metaKey;
  if (isCommand && (key === "y" || (key === "z" && shiftKey))) return (old) => redone(old) ?? old;
  if (isCommand && key === "z") return (old) => undone(old) ?? old;
  if (isCommand) return null;
  if (key === "arrowleft") return (old) => looked(old, old.step - 1);
  return key === "arrowright" ? (old) => looked(old, old.step + 1) : null;
}
