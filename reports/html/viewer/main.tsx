import { jitless } from "./jitless.ts";
import { render } from "preact";
import type { PageData } from "../../data.ts";
import { App } from "./app.tsx";
import { unpackReport } from "./sandbox/packed.ts";
import { SandboxApp } from "./sandboxapp.tsx";

const data = document.getElementById("report")?.textContent;
const root = document.getElementById("app");
if (jitless !== true) throw new Error("schemas may not make code in a page");
if (root === null || data === undefined) throw new Error("the page has no report in it");
// The renderer wrote it, and its types are checked there.
const page: PageData = JSON.parse(data);
render(
  "sandbox" in page ? (
    <SandboxApp start={page.sandbox} recorded={page.recorded} />
  ) : (
    <App report={unpackReport(page)} />
  ),
  root,
);
