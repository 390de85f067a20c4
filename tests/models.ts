import { legacyBackend } from "../legacy/index.ts";
import { modernBackend } from "../modern/index.ts";
import type { ModelBackend } from "../src/model/backend.ts";

/** Every model, by the release of the kernels it stands for. */
export const MODELS: Readonly<Record<string, ModelBackend>> = {
  "6.1": legacyBackend("6.1"),
  "6.12": legacyBackend("6.12"),
  "6.16": modernBackend("6.16"),
  "6.17": modernBackend("6.17"),
  "6.18": modernBackend("6.18"),
  "6.19": modernBackend("6.19"),
  "7.0": modernBackend("7.0"),
  "7.1": modernBackend("7.1"),
  "7.2": modernBackend("7.2"),
  "7.3": modernBackend("7.3"),
};

/** The model of a kernel release such as `6.12.117+deb12-cloud-amd64`. */
export function modelOf(kernelRelease: string): ModelBackend {
  const release = kernelRelease.split(".").slice(0, 2).join(".");
  const model = MODELS[release];
  if (model === undefined) throw new Error(`no model stands for kernel ${kernelRelease}`);
  return model;
}
