import { opText } from "../optext.ts";
import { cExpression } from "./calls.ts";
import { headers, LIST_READER, opening, state } from "./chelpers.ts";
import { map, touching } from "./csteps.ts";
import { comment, literal } from "./ctext.ts";
import { LANES, type RaceStress, type RaceStep, type SeenOutcome } from "./race.ts";
import { FORK_TO, LIVE, REVOKE, SHARED, TRY } from "./racelanes.ts";
import { MAIN, SEEN } from "./raceseen.ts";

/**
 * A C program that lets two tasks meet many times on a real kernel, at every distance from each other, and counts
 * what it sees: FAIL where a try gives what no order of whole ops does. It needs libc only.
 */
export function raceProgram(stress: RaceStress): string {
  const { steps } = stress;
  const revokes = steps.some(({ op }) => op.op === "revoke");
  const forks = steps.some(({ op }) => op.op === "fork");
  const parts = [
    `// SPDX-License-Identifier: MIT\n${heading(stress, revokes)}`,
    `#define _GNU_SOURCE\n#include <pthread.h>\n#include <sched.h>\n${headers(stress)}`,
    state(stress),
    opening(stress),
    LIST_READER,
    stress.vias.length > 0 ? map(stress) : "",
    ...touching(stress),
    revokes ? REVOKE : "",
    table(stress),
    SHARED,
    forks ? FORK_TO : "",
    perform(steps),
    LIVE,
    known(stress),
    SEEN,
    TRY,
    MAIN,
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function heading({ name, steps }: RaceStress, revokes: boolean): string {
  const told = LANES.map((lane) => {
    const ops = steps.filter((step) => step.lane === lane).map(({ op }) => opText(op));
    return `${lane}: ${ops.join("; ")}`;
  });
  return comment([
    `${name}: two tasks at once, many times`,
    "",
    ...told,
    "",
    "Build: gcc -O2 -pthread race.c -o race. Usage: race [-n TRIES] RESOURCE-FILE [OFFSET]",
    "As root, with debugfs mounted, on at least two processors; nothing else uses the BAR.",
    ...(revokes
      ? [
          "A revoke is the nvme driver, bound to the device, claiming its BARs: boot with iomem=strict.",
        ]
      : []),
    "PASS: every try gave what some order of whole ops gives. FAIL: one did not; it is told. A kernel",
    "warns once a boot, so what shows by a warning alone is seen once.",
    "Exit status: 0 PASS, 1 FAIL, 4 SKIP.",
  ]);
}

function table({ steps }: RaceStress): string {
  const firsts = LANES.map((lane) => steps.findIndex((step) => step.lane === lane)).map(
    (at, lane) => (at >= 0 ? at : firstAfter(steps, lane)),
  );
  const rows = steps
    .map(
      ({ op }) =>
        `\t{ ${[op.proc, Number(op.op === "spawn"), Number(op.op === "exit")].join(", ")} },\n`,
    )
    .join("");
  return `enum { ${LANES.map((lane) => lane.toUpperCase()).join(", ")}, LANES };

/* Where the steps of each begin. */
static const int first[LANES + 1] = { ${[...firsts, steps.length].join(", ")} };

static const struct step {
	int proc, is_spawn, is_exit;
} steps[STEPS] = {
${rows}};
`;
}

/** Where an empty lane begins and ends. */
function firstAfter(steps: readonly RaceStep[], lane: number): number {
  const at = steps.findIndex((step) => LANES.indexOf(step.lane) > lane);
  return at < 0 ? steps.length : at;
}

function perform(steps: readonly RaceStep[]): string {
  const cases = steps.flatMap(({ op }, index) =>
    op.op === "spawn" ? [] : [`\tcase ${index}:\n\t\t${statement(op)}\n`],
  );
  return `/* What each step does, in the process that does it; 0 or an errno. */
static int perform(int step)
{
	switch (step) {
${cases.join("")}	}
	return 0;
}
`;
}

function statement(op: RaceStep["op"]): string {
  return `return ${op.op === "revoke" ? "take_back()" : cExpression(op)};`;
}

function known({ known: outcomes, steps }: RaceStress): string {
  const calls = steps.filter(({ lane }) => lane === "a" || lane === "b").length;
  const row = ({ name, isOfOrder, results, invalid, warned, list, end }: SeenOutcome) => {
    const ended = end === null ? "NULL" : literal(end);
    return `\t{ ${literal(name)}, ${Number(isOfOrder)}, { ${results.join(", ")} }, { ${invalid.join(", ")} }, ${Number(warned)}, ${literal(list)}, ${ended} },\n`;
  };
  return `#define CALLS ${calls}

/* What can be seen of a try; of a schedule nobody has said what comes later. */
struct outcome {
	const char *name;
	int is_of_order; /* an order of whole ops gives it */
	int results[CALLS], invalid[2], warned;
	const char *list, *end;
};

static const struct outcome known[] = {
${outcomes.map(row).join("")}};
`;
}
