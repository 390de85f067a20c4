import { parentPort, workerData } from "node:worker_threads";
import type { Scope } from "../../fuzz/explore/certificate.ts";
import type { Paths } from "../../fuzz/explore/expander.ts";
import { checks } from "../pat/invariant.ts";
import { openExpander } from "./expanders.ts";

checks.thorough = process.env["PFNDIFF_CHECK"] === "1";

if (parentPort === null) throw new Error("exploreworker is started by explore --jobs");
const port = parentPort;
const scope: Scope = workerData;
const expander = await openExpander(scope);

port.on("message", (paths: Paths) => {
  const expansion = expander.expand(paths);
  const { high, low, parent, letter } = expansion;
  port.postMessage(expansion, [high.buffer, low.buffer, parent.buffer, letter.buffer]);
});
