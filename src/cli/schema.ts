import { jsonSchema } from "../../reports/formats/schemas.ts";
import type { SchemaName } from "../../reports/formats.ts";
import { EXIT, type Io } from "./io.ts";

/** Prints the JSON Schema of a document. */
export async function schema(io: Io, name: SchemaName): Promise<number> {
  await io.out(`${JSON.stringify(jsonSchema(name), null, 2)}\n`);
  return EXIT.ok;
}
