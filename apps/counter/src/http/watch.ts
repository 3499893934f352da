// The route that watches a counter or a register: a stream of server-sent events, the current state first.

import type { Watch, WireAnswer } from "@quorate/client/server";
import type { Service } from "../service-node.ts";
import type { Answer, Query } from "../state-machine/result.ts";
import { checkName } from "./names.ts";
import { requestError } from "./problem.ts";
import { wholeNumberOf } from "./request-headers.ts";

/** Comments in between tell both sides that the other one is still there. */
const keepAliveMs = 15_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** `GET /v1/watch?counter=NAME` or `?register=KEY`; `Last-Event-ID` is the index that the client has seen. */
export function watchState(service: Service, request: Request): Response {
  const query = queryOf(request.url);
  const minIndex = lastEventId(request.headers.get("last-event-id"));
  return new Response(eventStream(service, query, minIndex), {
    status: 200,
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "raft-consistency": "stale" },
  });
}

/** The members of an event besides the index; part of a JSON object. */
export function watchedMembers(answer: Answer): Uint8Array {
  if (answer.type === "counter") return encoder.encode(answer.value === undefined ? "" : `"value":${answer.value},`);
  const { register } = answer;
  return encoder.encode(register === undefined ? "" : `"value":${register.value},"revision":${register.revision},`);
}

function eventStream(service: Service, query: Query, minIndex: number): ReadableStream<Uint8Array> {
  let watch: Watch | undefined;
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearInterval(timer);
    watch?.end();
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      timer = setInterval(() => controller.enqueue(encoder.encode(": still here\n\n")), keepAliveMs);
      const onAnswer = (answer: WireAnswer): void => {
        if (answer.type === "event") {
          controller.enqueue(encoder.encode(eventText(query, answer)));
          return;
        }
        end();
        controller.close();
      };
      const isReady = (): boolean => (controller.desiredSize ?? 0) > 0;
      watch = service.watches.begin(query, minIndex, { onAnswer, isReady });
    },
    pull: () => watch?.resume(),
    cancel: end,
  });
}

function eventText(query: Query, { index, bytes }: Extract<WireAnswer, { type: "event" }>): string {
  const name = query.type === "counter" ? `"name":${JSON.stringify(query.name)}` : `"key":${JSON.stringify(query.key)}`;
  return `id: ${index}\ndata: {${name},${decoder.decode(bytes)}"index":${index}}\n\n`;
}

function queryOf(url: string): Query {
  const parameters = new URL(url).searchParams;
  const [[kind, name] = ["", ""], ...others] = [...parameters.entries()];
  if (others.length === 0 && kind === "counter") return { type: "counter", name: checkName(name) };
  if (others.length === 0 && kind === "register") return { type: "register", key: checkName(name) };
  throw requestError("QUORATE_REQUEST_INVALID", "Say what to watch: ?counter=NAME or ?register=KEY.");
}

function lastEventId(header: string | null): number {
  const must = "The header Last-Event-ID must be the id of an event.";
  return wholeNumberOf(header ?? undefined, { field: "Last-Event-ID", must }) ?? 0;
}
