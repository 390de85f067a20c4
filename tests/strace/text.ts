import { type ImportOptions, importStrace, straceLog } from "../../src/strace/import.ts";

/** Imports a log that is given as one text. */
export const importText = (text: string, options: ImportOptions = {}) =>
  importStrace(straceLog().add(text), options);
