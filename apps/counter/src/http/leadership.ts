// The route that moves leadership: to a voter that the caller names, or to the one that has most of the log.

import { codeOf } from "@quorate/contracts";
import type { Service } from "../service-node.ts";
import { transferAnswer } from "./answers.ts";
import { invalidField, type JsonObject, readObject } from "./body.ts";
import { failureResponse } from "./calls.ts";
import { detailOf, leaderOf, problemResponse } from "./problem.ts";
import { refusePreconditions } from "./request-headers.ts";

const maxIdBytes = 256;

/** Refusals that hold until the configuration changes; the others are about this moment and end by themselves. */
const impossible: ReadonlySet<unknown> = new Set(["notAVoter", "noOtherVoter"]);

/** `POST /v1/cluster/leader-transfer` */
export async function transferLeadership(service: Service, request: Request): Promise<Response> {
  // A transfer has no key: repeated, it would move leadership once more.
  refusePreconditions(request.headers, ["idempotency-key", "if-match", "if-none-match"]);
  const to = targetOf(await readObject(request, ["to"], true));
  try {
    const { leaderId, term } = await service.node.transferLeadership(to);
    const leader = leaderOf(service, leaderId);
    if (leader === null) throw new Error(`${leaderId} leads, but its address is not known`);
    return transferAnswer(leader, { index: service.node.currentStatus().lastApplied, term });
  } catch (error) {
    return transferFailure(service, request, error);
  }
}

function targetOf(body: JsonObject): string | undefined {
  const { to } = body;
  if (to === undefined) return undefined;
  if (typeof to !== "string") throw invalidField("to", "must be the id of a node, as a string");
  const sizeBytes = Buffer.byteLength(to);
  if (sizeBytes >= 1 && sizeBytes <= maxIdBytes) return to;
  throw invalidField("to", `has ${sizeBytes} bytes; ids have 1 to ${maxIdBytes}`);
}

function transferFailure(service: Service, request: Request, error: unknown): Response {
  switch (codeOf(error)) {
    case "QUORATE_TRANSFER_REFUSED": {
      const reason = detailOf(error, "reason");
      const options = { status: impossible.has(reason) ? 422 : 409, hint: refusalHint(service, reason) };
      return problemResponse(service, request.url, error, options);
    }
    case "QUORATE_PROPOSAL_TIMEOUT":
      return problemResponse(service, request.url, error, { hint: "See who leads before you ask again." });
    default:
      return failureResponse(service, request, error);
  }
}

function refusalHint(service: Service, reason: unknown): string {
  if (reason === "inProgress") return "Wait until the other transfer has ended; it takes an election timeout at most.";
  const { voters } = service.node.currentStatus().configuration;
  return `The voters are ${voters.join(", ")}: choose one that does not lead.`;
}
