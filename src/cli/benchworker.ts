import { parentPort, workerData } from "node:worker_threads";
import { openWork } from "./benchwork.ts";

if (parentPort === null) throw new Error("benchworker is started by bench");
const port = parentPort;
const work = openWork(workerData);

port.on("message", async (processorMs: number) =>
  port.postMessage(await (await work)(processorMs)),
);
