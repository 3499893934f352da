// What the bytes of the binary protocol mean to this service: the same commands, checks and refusals as over HTTP.

import {
  decodeRead,
  decodeWrite,
  encodeCounterValue,
  encodeRegister,
  type Reply,
  type ServedApplication,
  type WriteCondition,
  type WriteOperation,
} from "@quorate/client/server";
import { codeOf, QuorateError } from "@quorate/contracts";
import { checkName } from "../http/names.ts";
import { requestError } from "../http/problem.ts";
import { notFound, type Refusal, refusalFacts } from "../http/refusals.ts";
import { checkIdempotencyKey } from "../http/request-headers.ts";
import { type Command, encodeCommand, maxCommandBytes, type Precondition } from "../state-machine/command.ts";
import { type CanonicalJson, canonicalJson, type JsonValue } from "../state-machine/json-value.ts";
import { decodeResult } from "../state-machine/result-bytes.ts";
import type { Answer, CommandResult, Query, Result } from "../state-machine/result.ts";

/** What the service needs to know beyond the bytes. */
export type ApplicationParts = {
  changes(onChange: (changed: Query | undefined) => void): () => void;
  /** The text of a JSON object. */
  status(): string;
  leaderFacts(leaderId: string): Readonly<Record<string, unknown>>;
};

const nothing = new Uint8Array(0);

/** Counters and registers behind a client port. */
export function clientApplication(parts: ApplicationParts): ServedApplication<Query, Answer, Result> {
  return {
    command: (bytes) => {
      const { operation, idempotencyKey } = understood(() => decodeWrite(bytes));
      const key = idempotencyKey === undefined ? undefined : checkIdempotencyKey(idempotencyKey);
      const data = encodeCommand(commandOf(operation), key);
      if (data.length <= maxCommandBytes) return data;
      const message = `The command has ${data.length} bytes; ${maxCommandBytes} are allowed.`;
      throw requestError("QUORATE_TOO_LARGE", message, { limitBytes: maxCommandBytes });
    },
    reply: replyTo,
    decodeResult,
    query: (bytes) => {
      const operation = understood(() => decodeRead(bytes));
      return operation.type === "counterGet"
        ? { type: "counter", name: checkName(operation.name) }
        : { type: "register", key: checkName(operation.key) };
    },
    answer: (answer) => bytesOf(answer) ?? refuse(notFound(answer.type)),
    event: (answer) => bytesOf(answer) ?? nothing,
    watchKey: (query) => watchKey(query),
    changes: (onChange) => parts.changes((query) => onChange(query === undefined ? undefined : watchKey(query))),
    status: () => parts.status(),
    leaderFacts: (leaderId) => parts.leaderFacts(leaderId),
  };
}

/** A register and a counter may have the same name. */
function watchKey(query: Query): string {
  return query.type === "counter" ? `counter ${query.name}` : `register ${query.key}`;
}

/** Bytes that are not a command concern one request, not the connection. */
function understood<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (codeOf(error) !== "QUORATE_DECODE_FAILED" || !(error instanceof Error)) throw error;
    throw requestError("QUORATE_COMMAND_INVALID", error.message);
  }
}

function commandOf(operation: WriteOperation): Command {
  switch (operation.type) {
    case "counterAdd":
      return { type: "counterAdd", name: checkName(operation.name), by: operation.by };
    case "registerSet": {
      const { value, condition } = operation;
      const precondition = preconditionOf(condition);
      return { type: "registerSet", key: checkName(operation.key), value: canonical(value, "value"), precondition };
    }
    case "registerCompareAndSet": {
      const expected = operation.expected === undefined ? undefined : canonical(operation.expected, "expected");
      const value = canonical(operation.value, "value");
      return { type: "registerCompareAndSet", key: checkName(operation.key), expected, value };
    }
    case "registerDelete":
      return {
        type: "registerDelete",
        key: checkName(operation.key),
        precondition: preconditionOf(operation.condition),
      };
  }
}

function preconditionOf({ ifMatch, ifNoneMatch }: WriteCondition): Precondition {
  if (ifNoneMatch !== undefined) return { type: "absent" };
  return ifMatch === undefined ? { type: "none" } : { type: "revision", revision: ifMatch };
}

function canonical(text: string, field: string): CanonicalJson {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue; // JSON.parse makes nothing else
  } catch {
    throw requestError("QUORATE_JSON_INVALID", `The ${field} is not JSON.`);
  }
  try {
    return canonicalJson(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = `The member "${field}" holds a value that cannot be kept: ${error.message}.`;
    throw requestError("QUORATE_REQUEST_INVALID", message, { field });
  }
}

function replyTo(result: Result): Reply {
  if (result.type !== "replayed") return { bytes: successOf(result) };
  const { index, term } = result;
  return { bytes: successOf(result.first), first: { index, term } };
}

function successOf(result: CommandResult | Extract<Result, { type: "keyReused" | "undecodable" }>): Uint8Array {
  switch (result.type) {
    case "counterAdded":
      return encodeCounterValue(result.value);
    case "registerWritten":
      // The client knows the value: it sent it.
      return encodeRegister({ revision: result.revision, value: undefined });
    case "registerDeleted":
      return nothing;
    default:
      return refuse(errorOf(result));
  }
}

function errorOf(refusal: Refusal): QuorateError {
  const { error, value } = refusalFacts(refusal);
  if (value === undefined) return error;
  const { code, message, hint, details } = error;
  return new QuorateError({ code, message, hint, details: { ...details, value: JSON.parse(value) } });
}

function refuse(error: QuorateError): never {
  throw error;
}

/** Undefined if there is nothing to see. */
function bytesOf(answer: Answer): Uint8Array | undefined {
  if (answer.type === "counter") return answer.value === undefined ? undefined : encodeCounterValue(answer.value);
  return answer.register === undefined ? undefined : encodeRegister(answer.register);
}
