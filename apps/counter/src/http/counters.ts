// The routes of counters.

import type { QuorateError } from "@quorate/contracts";
import type { Service } from "../service-node.ts";
import { counterAnswer } from "./answers.ts";
import { invalidField, type JsonObject, readObject } from "./body.ts";
import { propose, read } from "./calls.ts";
import { nameInPath } from "./names.ts";
import { notFound, refusalResponse } from "./refusals.ts";
import { requestError } from "./problem.ts";
import { refusePreconditions } from "./request-headers.ts";

/** `POST /v1/counters/{name}/increments` */
export async function incrementCounter(service: Service, request: Request): Promise<Response> {
  const name = nameInPath(request.url);
  refusePreconditions(request.headers, ["if-match", "if-none-match"]);
  const by = incrementOf(await readObject(request, ["by"], true));
  const { result, position, replayed } = await propose(service, request, { type: "counterAdd", name, by });
  switch (result.type) {
    case "counterAdded":
      return counterAnswer(name, result.value, { position, consistency: "linearizable", replayed });
    case "counterOutOfRange":
    case "keyReused":
    case "undecodable":
      return refusalResponse(service, request.url, result, replayed);
    default:
      throw unexpected(result.type);
  }
}

/** `GET /v1/counters/{name}` */
export async function getCounter(service: Service, request: Request): Promise<Response> {
  const name = nameInPath(request.url);
  const { answer, facts } = await read(service, request, { type: "counter", name });
  if (answer.type !== "counter") throw unexpected(answer.type);
  if (answer.value === undefined) throw notFound("counter");
  return counterAnswer(name, answer.value, facts);
}

/** A result that belongs to another kind of command: a defect, not an answer. */
export function unexpected(type: string): Error {
  return new Error(`the state machine answered with ${type}`);
}

function incrementOf(body: JsonObject): number {
  const by = body["by"] ?? 1;
  if (Object.hasOwn(body, "by") && body["by"] === null) throw invalidField("by", "must be an integer, found null");
  if (typeof by !== "number") throw invalidField("by", `must be an integer, found ${describeType(by)}`);
  if (Number.isSafeInteger(by)) return by;
  if (!Number.isInteger(by) && Number.isFinite(by)) throw invalidField("by", `must be an integer, found ${by}`);
  throw outOfRange();
}

function outOfRange(): QuorateError {
  return requestError("QUORATE_COUNTER_RANGE", 'The member "by" is beyond ±(2^53−1).', { field: "by" });
}

function describeType(value: object | string | boolean): string {
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
