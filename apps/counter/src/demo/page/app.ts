// The page's HTTP interface, and its guards. Whoever reaches this port may load the page, which is no secret; the run's data
// and commands are for those alone who have the token of this run.
//
// The token travels in a header of its own: no address that is logged has it, and no page of another site can send it.

import { createHash, timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { HttpHandler } from "../../http/app.ts";
import { CommandRefused, parseCommand } from "./commands.ts";
import type { Feed, Subscription } from "./feed.ts";
import type { PageFiles } from "./files.ts";
import type { Command, CommandProblem } from "./protocol.ts";

/** The header that carries the token. */
export const tokenHeader = "quorate-token";

/** A browser names the server that it believes to talk to: another name means that somebody has led it astray. */
const ownHost = /^(?:127\.0\.0\.1|localhost)(?::\d{1,5})?$/i;

const maxCommandBytes = 16 * 1024;
/** Pages that are open at the same time. */
const maxReaders = 16;

const securityHeaders = {
  "content-security-policy":
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** What the interface serves. */
export type PageParts = {
  readonly token: string;
  readonly files: PageFiles;
  readonly feed: Feed;
  /** Rejects with `CommandRefused` if the command makes no sense now. */
  readonly carryOut: (command: Command) => Promise<void>;
};

/** The page as a function from requests to answers. */
export function createPageHandler({ token, files, feed, carryOut }: PageParts): HttpHandler {
  const app = new Hono();
  app.use(async (context, next) => {
    if (ownHost.test(context.req.header("host") ?? "")) await next();
    else context.res = problem(403, "Forbidden", "This server answers as 127.0.0.1 and localhost only.");
    for (const [name, value] of Object.entries(securityHeaders)) context.res.headers.set(name, value);
  });
  app.use("/api/*", async (context, next) => {
    if (isSame(context.req.header(tokenHeader) ?? "", token)) return next();
    return problem(401, "Unauthorized", "The token of this run is missing or wrong: use the address that it printed.");
  });

  app.get("/api/frames", () => {
    if (feed.readers < maxReaders) return eventStream(feed);
    return problem(503, "Too many pages", `${maxReaders} pages are open already: close one.`);
  });
  const tooLarge = () => problem(413, "Too large", `A command has at most ${maxCommandBytes} bytes.`);
  app.post("/api/commands", bodyLimit({ maxSize: maxCommandBytes, onError: tooLarge }), async (context) => {
    if (!/^application\/json\b/i.test(context.req.header("content-type") ?? "")) {
      return problem(415, "Unsupported media type", "A command is application/json.");
    }
    await carryOut(parseCommand(await context.req.json()));
    feed.tick();
    return context.body(null, 204);
  });
  app.all("/api/frames", () => wrongMethod("GET"));
  app.all("/api/commands", () => wrongMethod("POST"));

  app.get("*", (context) => {
    const file = files.get(context.req.path);
    if (file === undefined) return problem(404, "Not found", "There is no such file.");
    return context.body(file.content, 200, { "content-type": file.type });
  });
  app.notFound(() => problem(404, "Not found", "There is nothing here."));
  app.onError((error) => {
    if (error instanceof CommandRefused) return problem(error.status, "The command was refused", error.message);
    if (error instanceof SyntaxError) return problem(400, "The command was refused", "The body is not JSON.");
    return problem(500, "Internal error", "The demo failed to do this because of a defect.");
  });
  return (request) => app.fetch(request);
}

/** A stream of server-sent events. What the page has not read yet is at most one frame here, and what a socket holds. */
function eventStream(feed: Feed): Response {
  const encoder = new TextEncoder();
  let subscription: Subscription | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      subscription = feed.subscribe({
        isReady: () => (controller.desiredSize ?? 0) > 0,
        send: (text) => controller.enqueue(encoder.encode(text)),
        end: () => controller.close(),
      });
    },
    pull: () => subscription?.resume(),
    cancel: () => subscription?.cancel(),
  });
  // With the stream its connection ends too: the demo need not wait for it.
  return new Response(body, { headers: { "content-type": "text/event-stream", connection: "close" } });
}

/** In the same time whatever `given` is. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

function wrongMethod(allow: string): Response {
  return problem(405, "Method not allowed", `Only ${allow} is allowed here.`, { allow });
}

function problem(status: number, title: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
  const body: CommandProblem = { title, status, detail };
  return Response.json(body, { status, headers: { "content-type": "application/problem+json", ...headers } });
}
