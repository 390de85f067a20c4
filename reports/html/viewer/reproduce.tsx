import { useMemo, useRef, useState } from "preact/hooks";
import { UserError } from "../../../src/usererror.ts";
import type { ReportData, ReportFinding } from "../../data.ts";
import { cProgram } from "../../repro/c.ts";
import type { ReproInput } from "../../repro/input.ts";
import { kselftestProgram, testName } from "../../repro/kselftest.ts";
import { mailText } from "../../repro/mail.ts";
import { checkText, type Program, reproProgram } from "../../repro/program.ts";
import { syzProgram } from "../../repro/syz.ts";
import { CopyOffers } from "./copybuttons.tsx";
import { byRelease, replayCommandOf, reproInputOf } from "./sandbox/reproducer.ts";

export interface ReproduceProps {
  readonly report: ReportData;
  readonly finding: ReportFinding;
}

/** One way to see a finding again. */
interface Way {
  readonly name: string;
  /** How to run it, and what it looks like where the symptom shows. */
  readonly run: string;
  readonly shows: string;
  /** UserError where it cannot be done. */
  text(): string;
}

/** How to see a finding again: a trace, programs for a kernel, and a mail, each with how to run it and what FAIL looks like. */
export function Reproduce({ report, finding }: ReproduceProps) {
  const [chosen, choose] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const input = useMemo(() => reproInputOf(report.campaign, finding), [report, finding]);
  const program = useMemo(() => programOf(input), [input]);
  const ways = useMemo(
    () => waysOf(report, finding, input, program),
    [report, finding, input, program],
  );
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (chosen + step + ways.length) % ways.length;
    choose(next);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };
  const way = ways[chosen] ?? ways[0];
  if (way === undefined) throw new Error("a trace can always be replayed");
  return (
    <section class="card reproduce" aria-labelledby="reproduce-title">
      <h2 id="reproduce-title">Reproduce</h2>
      <div
        class="tabs"
        role="tablist"
        aria-label="Ways to reproduce it"
        ref={list}
        onKeyDown={onKey}
      >
        {ways.map(({ name }, at) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`way-${at}`}
            aria-selected={at === chosen}
            aria-controls="way"
            tabIndex={at === chosen ? 0 : -1}
            onClick={() => choose(at)}
          >
            {name}
          </button>
        ))}
      </div>
      <div id="way" role="tabpanel" aria-labelledby={`way-${chosen}`}>
        <WayPanel way={way} />
      </div>
      <Results report={report} finding={finding} program={program} />
    </section>
  );
}

function WayPanel({ way }: { way: Way }) {
  const made = useMemo(() => madeBy(way), [way]);
  if ("why" in made) return <p class="muted">There is none: {made.why}.</p>;
  return (
    <>
      <dl class="facts">
        <dt>Run</dt>
        <dd>
          <code class="run">{way.run}</code>
        </dd>
        <dt>FAIL is</dt>
        <dd>{way.shows}</dd>
      </dl>
      <CopyOffers offers={[[way.name, made.text]]} />
      <pre tabIndex={0}>{made.text}</pre>
    </>
  );
}

function madeBy(way: Way): { readonly text: string } | { readonly why: string } {
  try {
    return { text: way.text() };
  } catch (error) {
    if (error instanceof UserError) return { why: error.message };
    throw error;
  }
}

function programOf(input: ReproInput | null): Program | { readonly why: string } {
  if (input === null) return { why: "the report has no recordings to make one from" };
  try {
    return reproProgram(input);
  } catch (error) {
    if (error instanceof UserError) return { why: error.message };
    throw error;
  }
}

const BAR = "/sys/bus/pci/devices/0000:00:05.0/resource2";

function waysOf(
  { campaign }: ReportData,
  finding: ReportFinding,
  input: ReproInput | null,
  program: Program | { readonly why: string },
): Way[] {
  const command = replayCommandOf(campaign, finding);
  const { signature, step, reason, ref } = finding;
  const trace: Way = {
    name: "Trace",
    run: "paste it into a shell where pfndiff is installed",
    shows: `step ${step} of the replay is marked, and ${signature} stands beneath it.`,
    text: () => command,
  };
  const of = (make: (given: ReproInput) => string) => () => {
    if (input === null || "why" in program)
      throw new UserError("why" in program ? program.why : "");
    return make(input);
  };
  const place = "why" in program ? "" : windowOf(program);
  const name = testName(signature);
  const options = {
    command,
    references: ref === undefined ? [] : [ref],
    ...(reason === undefined ? {} : { reason }),
  };
  return [
    trace,
    {
      name: "C",
      run: `cc -o repro repro.c && sudo ./repro${place}`,
      shows: `“FAIL: ${signature}” as its last line, and exit status 1 (0 is PASS, 4 is SKIP).`,
      text: of(cProgram),
    },
    {
      name: "kselftest",
      run: `sudo ./${name}${place === "" ? "" : ` --${place}`}`,
      shows:
        "“not ok 1” with the line of the assertion, and exit status 1 (4 is SKIP). It goes to tools/testing/selftests/mm; pfndiff repro --format patch adds it to a tree.",
      text: of(kselftestProgram),
    },
    {
      name: "syzkaller",
      run: "syz-execprog -procs=1 -repeat=1 -unsafe repro.syz",
      shows: `nothing by itself: a program of syzkaller has no checks. ${"why" in program ? "" : checkText(program)} That is in /sys/kernel/debug/x86/pat_memtype_list or in the kernel log.`,
      text: of((given) => syzProgram(given, { file: "/dev/mem", base: 0, offset: 0x8000000 })),
    },
    {
      name: "Mail",
      run: "read it, and send it if you mean it: nothing here does",
      shows: "what the steps marked with “!” say of the side that has it.",
      text: of((given) => mailText(given, options)),
    },
  ];
}

/** Where a program finds its window, as it is told on its command line. */
function windowOf({ vias, world }: Program): string {
  if (vias.length === 0) return "";
  return world.mtrr === "write-back" && world.region !== "bar"
    ? " /dev/mem 0x8000000"
    : ` ${BAR} 0x10000`;
}

/** Who was asked, and what came of it: the campaign's own sides, the models of all releases, kernels of the matrix. */
function Results({
  report: { matrix },
  finding,
  program,
}: ReproduceProps & { readonly program: Program | { readonly why: string } }) {
  const models = useMemo(() => ("why" in program ? null : byRelease(program)), [program]);
  if ("why" in program || models === null) return null;
  const row = matrix?.groups
    .flatMap(({ rows }) => rows)
    .find(({ signature }) => signature === finding.signature);
  const kernels = (matrix?.columns ?? []).flatMap((column, at) => {
    const cell = row?.cells[at];
    if (!column.startsWith("kernel:") || (cell !== "shows" && cell !== "silent")) return [];
    return [{ name: column, passes: cell === "silent" }];
  });
  return (
    <>
      <h3>Recorded results</h3>
      <table class="results">
        <tbody>
          {[...program.sides, ...kernels].map(({ name, passes }) => (
            <Result key={name} name={name} passes={passes} />
          ))}
          <Result
            name={`models of ${models.fails.join(", ")}`}
            passes={false}
            count={models.fails.length}
          />
          <Result
            name={`models of ${models.passes.join(", ")}`}
            passes
            count={models.passes.length}
          />
        </tbody>
      </table>
    </>
  );
}

function Result({ name, passes, count = 1 }: { name: string; passes: boolean; count?: number }) {
  if (count === 0) return null;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class={passes ? "pass" : "fail"}>
        <span aria-hidden="true">{passes ? "✓" : "▲"}</span> {passes ? "PASS" : "FAIL"}
      </td>
    </tr>
  );
}
