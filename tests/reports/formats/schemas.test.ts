import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { ClaimsDocument } from "../../../src/claims/document.ts";
import { EXIT_STYLES, exitStatus } from "../../../src/cli/exitstyle.ts";
import { EXIT } from "../../../src/cli/io.ts";
import { jsonSchema } from "../../../reports/formats/schemas.ts";
import { SCHEMA_NAMES, type SchemaName } from "../../../reports/formats.ts";
import { readRecordings, recordingFiles } from "../../recordings.ts";
import { SCHEDULE } from "../html/schedule.ts";
import { BASELINE, campaign, finding, KNOWN } from "./sample.ts";

const ajv = new Ajv2020({ strict: true, strictRequired: false });
const validators = new Map(SCHEMA_NAMES.map((name) => [name, ajv.compile(jsonSchema(name))]));

function accepts(name: SchemaName, value: unknown): boolean {
  const validate = validators.get(name);
  if (validate === undefined) throw new Error(`no schema ${name}`);
  return validate(value);
}

/** A certificate that comes with the project. */
function certificate(): object {
  const name = "../../../docs/certificates/legacy-modern-depth3.json";
  return JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
}

const CLAIMS: ClaimsDocument = {
  format: "pfndiff/claims@1",
  before: "legacy@6.12",
  after: "modern@7.2",
  runs: 1,
  seed: 1,
  bounds: { procs: 2, slots: 2, pages: 3, depth: 3 },
  explored: "every sequence",
  claims: [{ number: 1, claim: "it works", judgement: "holds", evidence: ["1 of 1"] }],
};

const recordings = readRecordings(recordingFiles()[0] ?? "");
const [recording] = recordings;
const documents: readonly (readonly [SchemaName, object])[] = [
  ["recording", recording ?? {}],
  ["trace", recording?.trace ?? {}],
  ["campaign", campaign([finding(KNOWN)])],
  ["finding", finding(KNOWN)],
  ["baseline", BASELINE],
  ["certificate", certificate()],
  ["claims", CLAIMS],
  ["schedule", SCHEDULE],
  ["report", { ...campaign([]), format: "pfndiff/report@1" }],
];

describe("a published JSON Schema", () => {
  it("accepts every recording of a real kernel, and its trace", () => {
    expect(recordings.length).toBeGreaterThan(50);
    expect(recordings.every((one) => accepts("recording", one))).toBe(true);
    expect(recordings.every((one) => accepts("trace", one.trace))).toBe(true);
  });

  it.each(documents)(
    "accepts a %s and refuses one with an unknown or a missing field",
    (name, value) => {
      expect(accepts(name, value)).toBe(true);
      expect(accepts(name, { ...value, unknown: 1 })).toBe(false);
      for (const field of Object.keys(value)) {
        if (field === "kernel" || field === "backend" || field === "kind") continue;
        const less = Object.fromEntries(Object.entries(value).filter(([key]) => key !== field));
        expect(accepts(name, less), field).toBe(false);
      }
    },
  );
});

describe("an exit style", () => {
  it("says pass, fail and skip as each caller has it", () => {
    const of = (status: 0 | 1 | 4) => EXIT_STYLES.map((style) => exitStatus(style, status));
    expect(of(EXIT.ok)).toEqual([0, 0, 0, 0]);
    expect(of(EXIT.divergence)).toEqual([1, 1, 1, 1]);
    expect(of(EXIT.nothingRan)).toEqual([4, 4, 125, 77]);
  });

  it("never calls a commit bad, or a test expected to fail, for a fault of ours", () => {
    for (const status of [EXIT.usage, EXIT.harness, EXIT.interrupted]) {
      expect(exitStatus("bisect", status)).toBeGreaterThan(127);
      expect(exitStatus("kselftest", status)).toBe(1);
      expect(exitStatus("autopkgtest", status)).not.toBe(77);
    }
  });
});
