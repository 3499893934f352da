// Watching over HTTP: a stream of server-sent events.

import { QuorateError } from "@quorate/contracts";
import type { ReadOperation } from "../operations/operation.ts";
import type { Settings } from "../options.ts";
import type { WatchEnd, WatchEvent, WatchSource } from "../watch.ts";
import { describeFailure } from "./attempt.ts";
import { parseObject, problemOf } from "./problem.ts";

/** Characters of one event; more is not what a node sends. */
const maxEventLength = 4 * 1024 * 1024;

/** Watches with `settings.fetch`. */
export async function httpWatch(
  settings: Pick<Settings, "fetch">,
  options: Parameters<WatchSource>[0],
): Promise<WatchEnd> {
  const { operation, endpoint, minIndex, signal } = options;
  try {
    const response = await settings.fetch(endpoint + pathOf(operation), {
      headers: { accept: "text/event-stream", ...(minIndex === 0 ? {} : { "last-event-id": String(minIndex) }) },
      redirect: "manual",
      signal,
    });
    if (!response.ok || response.body === null) return await refused(endpoint, response);
    return await read(response.body, options);
  } catch (error) {
    return { reason: describeFailure(error) };
  }
}

/** Hands out the events of a stream until it ends, or until `signal` is aborted. */
async function read(
  body: NonNullable<Response["body"]>,
  { operation, signal, onEvent }: Parameters<WatchSource>[0],
): Promise<WatchEnd> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  const onAbort = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const events = (text + part.value).split("\n\n");
      text = events.pop() ?? "";
      if (text.length > maxEventLength) return { reason: "sent an event that does not end" };
      for (const event of events) {
        const parsed = eventOf(operation, event);
        if (parsed !== undefined) onEvent(parsed);
      }
    }
    return { reason: "ended the stream" };
  } finally {
    signal.removeEventListener("abort", onAbort);
    onAbort();
  }
}

function pathOf(operation: ReadOperation): string {
  const [kind, name] = operation.type === "counterGet" ? ["counter", operation.name] : ["register", operation.key];
  return `/v1/watch?${new URLSearchParams({ [kind]: name }).toString()}`;
}

async function refused(endpoint: string, response: Response): Promise<WatchEnd> {
  const error = problemOf({ endpoint, status: response.status, text: await response.text(), isWrite: false });
  const reason = `${error.code}: ${error.message}`;
  const isAboutRequest = response.status >= 400 && response.status < 500 && response.status !== 429;
  return isAboutRequest && error instanceof QuorateError ? { reason, error } : { reason };
}

/** Undefined for comments, which keep the connection alive, and for what is no event of a node. */
function eventOf(operation: ReadOperation, text: string): WatchEvent | undefined {
  const lines = text.split("\n");
  const field = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const body = parseObject(field("data") ?? "");
  const index = Number(field("id") ?? "missing");
  if (body === undefined || !Number.isSafeInteger(index)) return undefined;
  const isAbsent = body["value"] === undefined;
  const identity = String(operation.type === "counterGet" ? body["value"] : body["revision"]);
  return { index, identity: isAbsent ? "absent" : identity, body: isAbsent ? undefined : body };
}
