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

/** Says once what went wrong with Redis; BullMQ connects again by itself. */
export function complainOnce(io: Io): (error: unknown) => void {
  let last = "";
  return (error) => {
    const message = messageOf(error);
    if (message !== last) io.err(`redis: ${message} (trying again)\n`);
    last = message;
  };
}

/** Host and port, without what may be secret in a URL. */
function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === "") {
    throw new UserError("--redis: expected a URL such as redis://127.0.0.1:6379");
  }
  return `${parsed.hostname}:${parsed.port === "" ? 6379 : parsed.port}`;
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
