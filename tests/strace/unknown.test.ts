import { describe, expect, it } from "vitest";
import { importText } from "./text.ts";

const map = (fd: string) => `mmap(NULL, 8192, PROT_READ, MAP_SHARED, ${fd}, 0) = 0x7f1000000000\n`;
const droppedOf = (text: string) => importText(text).dropped;

describe("a file of /dev of which nothing is known", () => {
  it("is named by line where it is mapped, opened in the log or shown by -y", () => {
    const opened = `openat(AT_FDCWD, "/dev/uio0", O_RDWR) = 3\n${map("3")}`;
    expect(droppedOf(opened)).toEqual([
      {
        line: 2,
        reason: "mmap: how /dev/uio0 maps is not known (--device /dev/uio0=HOW tells)",
        unknown: "/dev/uio0",
      },
    ]);
    expect(droppedOf(map("3</dev/fb0<char 29:0>>"))).toMatchObject([{ unknown: "/dev/fb0" }]);
  });

  it.each(["/dev/zero", "/dev/shm/a", "/usr/lib/libc.so.6"])("but %s is memory", (path) => {
    expect(droppedOf(`openat(AT_FDCWD, "${path}", O_RDWR) = 3\n${map("3")}`)).toEqual([]);
  });
});
