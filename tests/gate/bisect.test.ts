import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IS_LONG } from "../long.ts";
import { Checkout } from "./checkout.ts";
import { sourceFaults } from "./faults.ts";

let checkout: Checkout;

/** The commands of the documented recipe, one a line, between commits of ours. */
function recipe(bad: string, good: string): string[] {
  const shell = readFileSync("docs/ci.md", "utf8")
    .split("```sh\n")
    .map((block) => block.split("```")[0] ?? "")
    .find((block) => block.includes("git bisect run"));
  return (shell ?? "").trim().replace("BAD", bad).replace("GOOD", good).split("\n");
}

async function git(...args: string[]): Promise<string> {
  const { status, out, err } = await checkout.run("git", ...args);
  if (status !== 0) throw new Error(err);
  return out.trim();
}

/** Commits what the checkout holds and returns the commit's name. */
async function commit(message: string): Promise<string> {
  await git("add", "-A");
  const author = ["-c", "user.name=t", "-c", "user.email=t@t"];
  await git(...author, "commit", "-qm", message);
  return git("rev-parse", "HEAD");
}

beforeAll(() => {
  checkout = new Checkout();
});
afterAll(() => checkout.remove());

const remark = (text: string) => `${text}\n// A remark.\n`;

describe("the recipe for a bisection", () => {
  it.runIf(IS_LONG)(
    "builds each commit, skips what does not build, and names the one that is bad",
    async () => {
      const fault = sourceFaults().find(({ name }) => name === "last-put-keeps-range");
      if (fault === undefined) throw new Error("there is no such fault");
      await git("init", "-q");
      const good = await commit("good");
      checkout.edit("modern/index.ts", remark);
      await commit("a remark");
      checkout.edit("modern/index.ts", (text) => `${text}}`);
      await commit("does not build");
      checkout.edit("modern/index.ts", (text) => text.slice(0, -1));
      await commit("builds again");
      checkout.plant(fault);
      const culprit = await commit("bad");
      checkout.edit("legacy/index.ts", remark);
      const bad = await commit("another remark");
      let last = { status: 0, out: "", err: "" };
      for (const line of recipe(bad, good)) last = await checkout.run("sh", "-c", line);
      expect(last.out).toContain(`${culprit} is the first bad commit`);
      expect(await git("bisect", "log")).toContain("# skip:");
    },
  );
});
