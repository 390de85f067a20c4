import { cut } from "../../trace/jsonfault.ts";
import { UserError } from "../../usererror.ts";
import { type Io, oneLine } from "../io.ts";

/** The one queue: ranges of any campaign, told apart by their names. */
export const QUEUE = "runs";

/** How BullMQ is to reach Redis. */
export interface QueueAccess {
  readonly bullmq: typeof import("bullmq");
  readonly options: {
    readonly prefix: string;
    readonly connection: { readonly url: string; readonly maxRetriesPerRequest: null };
  };
}

const CONNECT_MS = 3000;

/** Loads BullMQ and looks whether Redis answers; what is missing is one line and status 4. */
export async function accessQueue(url: string): Promise<QueueAccess> {
  const place = placeOf(url);
  const { bullmq, ioredis } = await load();
  const client = new ioredis.Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let cause = "";
  client.on("error", (error: unknown) => {
    cause = messageOf(error);
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    const why = cause === "" ? messageOf(error) : cause;
    throw new UserError(`no Redis at ${place}: ${why} (start one, or name it by --redis)`, 4);
  } finally {
    client.disconnect();
  }
  return {
    bullmq,
    options: { prefix: "pfndiff", connection: { url, maxRetriesPerRequest: null } },
  };
}

/**
 * Does something with the queue; what Redis refuses (it is out of memory, or read-only) becomes
 * one line and status 4.
 */
export async function onRedis<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ReplyError") throw error;
    throw new UserError(`Redis at ${placeOf(url)} refuses: ${messageOf(error)}`, 4);
  }
}

/** Says once what went wrong with Redis; BullMQ connects again by itself. */
export function complainOnce(io: Io): (error: unknown) => void {
  let last = "";
  return (error) => {
    const message = messageOf(error);
    if (message !== last) io.err(`redis: ${message} (trying again)\n`);
    last = message;
  };
}

const EXPECTED = "expected a URL such as redis://127.0.0.1:6379 or redis://user:word@host:6379/0";

/** Host and port, without what may be secret in a URL. */
function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === "") {
    throw new UserError(`--redis: ${EXPECTED}`);
  }
  if (!/^\/?\d{0,9}$/.test(parsed.pathname)) {
    throw new UserError(
      `--redis: its database is ${cut(parsed.pathname)}, no number (${EXPECTED})`,
    );
  }
  if (![parsed.username, parsed.password, parsed.search].every(isEscaped)) {
    throw new UserError(`--redis: a "%" in it begins no escape (write %25; ${EXPECTED})`);
  }
  return `${parsed.hostname}:${parsed.port === "" ? 6379 : parsed.port}`;
}

function isEscaped(text: string): boolean {
  try {
    // A call whose value nobody reads is left out of the bundle.
    return decodeURIComponent(text).length >= 0;
  } catch {
    return false;
  }
}

async function load(): Promise<{
  bullmq: typeof import("bullmq");
  ioredis: typeof import("ioredis");
}> {
  try {
    return { bullmq: await import("bullmq"), ioredis: await import("ioredis") };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) {
      throw error;
    }
    const how = "npm install --include=optional";
    throw new UserError(`queue: bullmq and ioredis are not installed (${how})`, 4);
  }
}

function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message || error.name : String(error));
}
