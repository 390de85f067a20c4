import fc from "fast-check";
import { expect, test } from "vitest";
import { embedJson, renderHtml } from "../../../reports/html/index.ts";
import { hostileReport, sampleReport } from "./sample.ts";

const TEMPLATE = [
  "<head><!--policy--><title>pfndiff report</title>",
  '<script type="module">run()</script><style>p{}</style></head>',
  "<noscript><!--summary--></noscript><!--data-->",
].join("");

test("embedded JSON parses to the same value and holds nothing that markup could use", () => {
  fc.assert(
    fc.property(fc.anything({ withObjectString: false }).filter(isJson), (value) => {
      const text = embedJson(value);
      expect(text).not.toMatch(/[<>&\u2028\u2029]/);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  expect(embedJson("</script>\u2028")).toBe('"\\u003c/script\\u003e\\u2028"');
});

function isJson(value: unknown): boolean {
  return JSON.stringify(value) !== undefined;
}

test("the policy allows the viewer's own script and style by hash, and nothing else", () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(
    renderHtml(sampleReport(), TEMPLATE),
  )?.[1];
  expect(policy?.split("; ")).toEqual([
    "default-src 'none'",
    "script-src 'sha256-AvyuiL0SD1mVY3NNxR+V2uo+lhk6RMFrytWmRt6CrJQ='",
    "style-src 'sha256-gG2yISYereRMiG2lMXrbiUgi0Ubw9p7QCeWcroOvy9Y='",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});

test("the summary says the verdict and every finding, with markup taken as text", () => {
  const html = renderHtml(hostileReport(), TEMPLATE);
  const summary = /<noscript>(.*)<\/noscript>/s.exec(html)?.[1] ?? "";
  expect(summary).toContain("Unexpected: 1 not accepted, 1 vanished");
  expect(summary).toContain("&lt;/script&gt;&lt;img src=x onerror=");
  expect(summary).not.toContain("<img");
  expect(html.match(/<script/g)).toHaveLength(2);
});

test("a template without a place for the data is refused", () => {
  expect(() => renderHtml(sampleReport(), TEMPLATE.replace("<!--data-->", ""))).toThrow(
    "no <!--data-->",
  );
});
