import { CACHE_MODES, type CacheMode, SHORT_MODE } from "../pat/cachemode.ts";

/** A state of the world in words, hashed to 64 bits; also names things by first appearance. */
export class StateHash {
  private words = new Int32Array(256);
  private count = 0;
  private named: unknown[] = [];
  /** Of VMAs that begin at one pfn the order in which they were linked decides something. */
  tellsOrder = false;
  /** Whatever asks for the one mode of ALIKE may as well ask for the other. */
  modesAreAlike = true;
  high = 0;
  low = 0;

  begin(): void {
    this.count = 0;
    this.named.length = 0;
  }

  push(word: number): void {
    if (this.count === this.words.length) {
      const more = new Int32Array(this.count * 2);
      more.set(this.words);
      this.words = more;
    }
    this.words[this.count++] = word;
  }

  /**
   * The number of a thing whose own name does not matter: 1 for the first one to appear in this
   * state, and so on. Things of different kinds must be different values.
   */
  name(thing: unknown): number {
    const known = this.named.indexOf(thing);
    return known >= 0 ? known + 1 : this.named.push(thing);
  }

  /** Whether name() has seen the thing in this state. */
  isNamed(thing: unknown): boolean {
    return this.named.includes(thing);
  }

  /** Hashes what was pushed: two lanes of murmur3's mixing with their own constants and seeds. */
  finish(): void {
    let a = 0x9747b28c;
    let b = 0x3c6ef372;
    for (let at = 0; at < this.count; at++) {
      const word = this.words[at] as number;
      let k = Math.imul(word, 0xcc9e2d51);
      k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
      a ^= k;
      a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
      k = Math.imul(word, 0x239b961b);
      k = Math.imul((k << 16) | (k >>> 16), 0xab0e9789);
      b ^= k;
      b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x561ccd1b) | 0;
    }
    a = avalanche(a ^ this.count);
    b = avalanche(b ^ Math.imul(this.count, 0x9e3779b1));
    this.high = avalanche(a + b) >>> 0;
    this.low = avalanche(b ^ ((a << 7) | (a >>> 25))) >>> 0;
  }
}

function avalanche(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A text as a word. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return avalanche(hash);
}

const MODE_TOKENS = CACHE_MODES.map((mode: CacheMode) => SHORT_MODE[mode]);

/** The two modes that every rule treats alike, by short name. */
const ALIKE: readonly string[] = [SHORT_MODE["uncached-minus"], SHORT_MODE["write-combining"]];
/** Where other modes are numbered: no state has so many things with names. */
const OTHERS = 200;

/** A cache mode in a word: by first appearance where it might as well be another. */
export function modeWord(state: StateHash, mode: number): number {
  const token = MODE_TOKENS[mode] as string;
  return state.modesAreAlike && ALIKE.includes(token) ? state.name(token) : OTHERS + mode;
}

/** The kind of a finding in a word, which may be a mode by its short name. */
export function kindWord(state: StateHash, kind: string): number {
  return state.modesAreAlike && ALIKE.includes(kind) ? state.name(kind) : hashText(kind);
}
