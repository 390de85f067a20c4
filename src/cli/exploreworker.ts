import { parentPort, workerData } from "node:worker_threads";
import type { Paths } from "../../fuzz/explore/expander.ts";
import { type ExploreSetup, openExpander } from "./expanders.ts";

if (parentPort === null) throw new Error("exploreworker is started by explore --jobs");
const port = parentPort;
const setup: ExploreSetup = workerData;
const expander = await openExpander(setup);

port.on("message", (paths: Paths) => {
  const expansion = expander.expand(paths);
  const { high, low, parent, letter } = expansion;
  port.postMessage(expansion, [high.buffer, low.buffer, parent.buffer, letter.buffer]);
});
