import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { sha256 } from "../src/sha256.ts";

it("SHA-256 is what Node's is, whatever the length and the characters", () => {
  for (let length = 0; length < 200; length++) {
    const text = "aé€😀".repeat(length).slice(0, length);
    expect(sha256(text)).toBe(createHash("sha256").update(text).digest("hex"));
  }
});
