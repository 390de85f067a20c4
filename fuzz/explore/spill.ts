/** Named files of bytes, for what does not fit in memory. A failure throws. */
export interface Spill {
  /** Writes bytes at a place; the file is made where it is not there. */
  write(name: string, at: number, bytes: Uint8Array): void;
  /** Fills `into` from a place of a file that has so many bytes. */
  read(name: string, at: number, into: Uint8Array): void;
}

/** The bytes of numbers in memory, not copied. */
export const bytesOf = ({
  buffer,
  byteOffset,
  byteLength,
}: Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>) =>
  new Uint8Array(buffer, byteOffset, byteLength);
