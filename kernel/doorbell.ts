import type { Readable } from "node:stream";

/** The line stopped: the guest is gone. */
export class LineClosed extends Error {
  override readonly name = "LineClosed";
}

/**
 * The guest's second serial port as a byte stream: lines of text, and in slow mode the bytes of
 * an answer. One reader at a time.
 */
export class Doorbell {
  #bytes: Buffer = Buffer.alloc(0);
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(stream: Readable) {
    stream.on("data", (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#wake?.();
    });
    stream.on("close", () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  /** The next line without its newline; rejects with LineClosed when there will be none. */
  async line(): Promise<string> {
    let end = this.#bytes.indexOf(10);
    while (end < 0) {
      await this.#more();
      end = this.#bytes.indexOf(10);
    }
    return this.#take(end + 1).toString("latin1", 0, end);
  }

  /** Exactly `length` bytes; rejects with LineClosed when the line stops before. */
  async exactly(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) await this.#more();
    return this.#take(length);
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  async #more(): Promise<void> {
    if (this.#closed) throw new LineClosed("the guest's line is closed");
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
  }
}
