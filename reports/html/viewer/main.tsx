import { render } from "preact";
import type { ReportData } from "../../data.ts";
import { App } from "./app.tsx";
import "./styles/base.css";
import "./styles/chrome.css";
import "./styles/verdict.css";
import "./styles/front.css";
import "./styles/campaign.css";
import "./styles/finding.css";
import "./styles/claims.css";
import "./styles/lane.css";
import "./styles/bars.css";
import "./styles/print.css";

const data = document.getElementById("report")?.textContent;
const root = document.getElementById("app");
if (root === null || data === undefined) throw new Error("the page has no report in it");
// The renderer wrote it, and its types are checked there.
const report: ReportData = JSON.parse(data);
render(<App report={report} />, root);
