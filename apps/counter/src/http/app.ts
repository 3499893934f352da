// The HTTP interface: which route does what, and the rules that hold for all of them.

import { QuorateError } from "@quorate/contracts";
import { Hono } from "hono";
import type { Service } from "../service-node.ts";
import { failureResponse } from "./calls.ts";
import { getCounter, incrementCounter } from "./counters.ts";
import { transferLeadership } from "./leadership.ts";
import { addMember, changeMember, changeMembers, getMembers, readmitMember, removeMember } from "./members.ts";
import { problemResponse, requestError } from "./problem.ts";
import { compareAndSetRegister, deleteRegister, getRegister, setRegister } from "./registers.ts";
import { getSnapshot, takeSnapshot } from "./snapshot.ts";
import { livenessResponse, readinessResponse, statusResponse } from "./status.ts";
import { watchState } from "./watch.ts";

/** Bounds of the HTTP interface. */
export type HttpLimits = {
  /** Requests that wait for the cluster at once; beyond it `QUORATE_BUSY`. Default 4096. */
  readonly maxInFlight: number;
  /** Characters of a request's address. Default 8192. */
  readonly maxUrlLength: number;
};

/** The bounds that the service uses. */
export const defaultHttpLimits: HttpLimits = { maxInFlight: 4096, maxUrlLength: 8192 };

/** Answers one request. Never rejects. */
export type HttpHandler = (request: Request) => Response | Promise<Response>;

/** The HTTP interface of a node, as a function from requests to answers. */
export function createHttpHandler(service: Service, limits: HttpLimits = defaultHttpLimits): HttpHandler {
  const app = createApp(service);
  let inFlight = 0;
  return async (request) => {
    if (request.url.length > limits.maxUrlLength) return uriTooLong(service, request, limits);
    if (inFlight >= limits.maxInFlight && !isProbe(request.url)) return busy(service, request, limits);
    inFlight += 1;
    try {
      const response = await app.fetch(request);
      // A connection that is kept alive would hold up the shutdown until it is cut.
      if (service.isDraining()) response.headers.set("connection", "close");
      return response;
    } finally {
      inFlight -= 1;
    }
  };
}

function createApp(service: Service): Hono {
  const app = new Hono();
  const methods = new Map<string, string[]>();
  const route = (
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    handler: (service: Service, request: Request) => Response | Promise<Response>,
  ): void => {
    app.on(method, path, (context) => handler(service, context.req.raw));
    methods.set(path, [...(methods.get(path) ?? []), method]);
  };

  route("POST", "/v1/counters/:name/increments", incrementCounter);
  route("GET", "/v1/counters/:name", getCounter);
  route("PUT", "/v1/registers/:key", setRegister);
  route("GET", "/v1/registers/:key", getRegister);
  route("DELETE", "/v1/registers/:key", deleteRegister);
  route("POST", "/v1/registers/:key/compare-and-set", compareAndSetRegister);
  route("POST", "/v1/cluster/leader-transfer", transferLeadership);
  route("GET", "/v1/cluster/members", getMembers);
  route("POST", "/v1/cluster/members", addMember);
  route("PATCH", "/v1/cluster/members", changeMembers);
  route("PATCH", "/v1/cluster/members/:id", changeMember);
  route("DELETE", "/v1/cluster/members/:id", removeMember);
  route("POST", "/v1/cluster/members/:id/readmission", readmitMember);
  route("GET", "/v1/watch", watchState);
  route("GET", "/v1/cluster/snapshot", getSnapshot);
  route("POST", "/v1/cluster/snapshot", takeSnapshot);
  route("GET", "/v1/status", statusResponse);
  route("GET", "/livez", livenessResponse);
  route("GET", "/readyz", readinessResponse);

  for (const [path, known] of methods) {
    const allow = [...known, ...(known.includes("GET") ? ["HEAD"] : [])].toSorted().join(", ");
    app.all(path, (context) => methodNotAllowed(service, context.req.raw, allow));
  }
  app.notFound((context) => routeNotFound(service, context.req.raw));
  app.onError((error, context) => failureResponse(service, context.req.raw, error));
  return app;
}

function methodNotAllowed(service: Service, request: Request, allow: string): Response {
  const message = `${request.method} is not allowed here; allowed: ${allow}.`;
  const error = requestError("QUORATE_METHOD_NOT_ALLOWED", message);
  return problemResponse(service, request.url, error, { headers: { allow } });
}

function routeNotFound(service: Service, request: Request): Response {
  return problemResponse(service, request.url, requestError("QUORATE_ROUTE_NOT_FOUND", "There is no such route."));
}

function uriTooLong(service: Service, request: Request, limits: HttpLimits): Response {
  const message = `The address has ${request.url.length} characters; ${limits.maxUrlLength} are allowed.`;
  return problemResponse(service, request.url.slice(0, 256), requestError("QUORATE_URI_TOO_LONG", message));
}

function busy(service: Service, request: Request, limits: HttpLimits): Response {
  const error = new QuorateError({
    code: "QUORATE_BUSY",
    message: `${limits.maxInFlight} requests are waiting already.`,
    hint: "Retry after a moment, with fewer requests at once.",
    retryable: true,
  });
  return problemResponse(service, request.url, error);
}

/** Supervisors and operators must get an answer exactly when a node has too much to do. */
function isProbe(url: string): boolean {
  return /^[^:]+:\/\/[^/]*\/(?:livez|readyz|v1\/status)(?:[?#]|$)/.test(url);
}
