import { render } from "preact";
import type { ReportData } from "../../data.ts";
import { App } from "./app.tsx";

const data = document.getElementById("report")?.textContent;
const root = document.getElementById("app");
if (root === null || data === undefined) throw new Error("the page has no report in it");
// The renderer wrote it, and its types are checked there.
const report: ReportData = JSON.parse(data);
render(<App report={report} />, root);
