// The routes of registers.

import type { Service } from "../service-node.ts";
import type { RegisterCompareAndSet, RegisterSet } from "../state-machine/command.ts";
import { emptyAnswer, registerAnswer } from "./answers.ts";
import { readObject, valueMember } from "./body.ts";
import { propose, read } from "./calls.ts";
import { unexpected } from "./counters.ts";
import { nameInPath } from "./names.ts";
import { requestError } from "./problem.ts";
import { notFound, refusalResponse } from "./refusals.ts";
import { preconditionOf, refusePreconditions } from "./request-headers.ts";

/** `GET /v1/registers/{key}` */
export async function getRegister(service: Service, request: Request): Promise<Response> {
  const key = nameInPath(request.url);
  const { answer, facts } = await read(service, request, { type: "register", key });
  if (answer.type !== "register") throw unexpected(answer.type);
  if (answer.register === undefined) throw notFound("register");
  return registerAnswer(key, answer.register, facts);
}

/** `PUT /v1/registers/{key}` */
export async function setRegister(service: Service, request: Request): Promise<Response> {
  const key = nameInPath(request.url);
  const precondition = preconditionOf(request.headers);
  const value = valueMember(await readObject(request, ["value"]), "value");
  return write(service, request, { type: "registerSet", key, value, precondition });
}

/** `POST /v1/registers/{key}/compare-and-set` */
export async function compareAndSetRegister(service: Service, request: Request): Promise<Response> {
  const key = nameInPath(request.url);
  refusePreconditions(request.headers, ["if-match", "if-none-match"]);
  const body = await readObject(request, ["expected", "value"]);
  const expected = Object.hasOwn(body, "expected") ? valueMember(body, "expected") : undefined;
  const value = valueMember(body, "value");
  return write(service, request, { type: "registerCompareAndSet", key, expected, value });
}

/** `DELETE /v1/registers/{key}` */
export async function deleteRegister(service: Service, request: Request): Promise<Response> {
  const key = nameInPath(request.url);
  const precondition = preconditionOf(request.headers);
  if (precondition.type === "absent") {
    throw requestError("QUORATE_REQUEST_INVALID", "The header If-None-Match makes no sense for DELETE.", {
      field: "If-None-Match",
    });
  }
  const command = { type: "registerDelete", key, precondition } as const;
  const { result, position, replayed } = await propose(service, request, command);
  switch (result.type) {
    case "registerDeleted":
      return emptyAnswer({ position, consistency: "linearizable", replayed });
    case "registerAbsent":
    case "revisionMismatch":
    case "keyReused":
    case "undecodable":
      return refusalResponse(service, request.url, result, replayed);
    default:
      throw unexpected(result.type);
  }
}

async function write(
  service: Service,
  request: Request,
  command: RegisterSet | RegisterCompareAndSet,
): Promise<Response> {
  const { result, position, replayed } = await propose(service, request, command);
  switch (result.type) {
    case "registerWritten": {
      const { revision, created } = result;
      const facts = { position, consistency: "linearizable", replayed, created } as const;
      return registerAnswer(command.key, { revision, value: command.value }, facts);
    }
    case "revisionMismatch":
    case "valueMismatch":
    case "keyReused":
    case "undecodable":
      return refusalResponse(service, request.url, result, replayed);
    default:
      throw unexpected(result.type);
  }
}
