// The routes of the membership: who belongs to the cluster, and changes of that, answered when they are committed.
// Thesis chapter 4.

import { codeOf, QuorateError } from "@quorate/contracts";
import type { MembershipChange } from "@quorate/node";
import { encodeAddress } from "../members/address.ts";
import type { Service } from "../service-node.ts";
import { invalidField, readObject } from "./body.ts";
import { failureResponse } from "./calls.ts";
import { memberList } from "./member-list.ts";
import {
  addressesIn,
  type ChangeConditions,
  completeAddress,
  conditionsOf,
  idIn,
  idsIn,
  memberInPath,
  priorityIn,
  roleIn,
} from "./member-request.ts";
import { detailOf, problemResponse, requestError } from "./problem.ts";
import { queryOptionsOf, readRequestOf, refusePreconditions } from "./request-headers.ts";

/** Refusals that hold until the caller asks for something else; the others are about this moment. */
const impossible: ReadonlySet<unknown> = new Set(["noVotersLeft", "addressTooLong"]);

/** `GET /v1/cluster/members`: the leader's word, or with `consistency=stale` that of any node. */
export async function getMembers(service: Service, request: Request): Promise<Response> {
  // Which value is read does not matter: the read makes sure that this node leads, or has heard from who does.
  const read = { type: "counter", name: "members" } as const;
  const used = await service.node.query(read, queryOptionsOf(readRequestOf(request)));
  return listResponse(service, used.consistency);
}

/** `POST /v1/cluster/members`: a new member; `role: "voter"` makes it a learner that is promoted when it has caught up. */
export async function addMember(service: Service, request: Request): Promise<Response> {
  const conditions = conditionsOf(request);
  const body = await readObject(request, ["id", "peer", "http", "client", "role"]);
  const id = idIn(body);
  const promotes = (roleIn(body) ?? "voter") === "voter";
  const given = addressesIn(body);
  return change(service, request, conditions, () => [
    { type: "addLearner", id, address: encodeAddress(completeAddress(service, id, given)), promotes },
  ]);
}

/** `PATCH /v1/cluster/members/{id}`: gives or takes its vote, or notes where it is from now on, or how much it is wanted as the leader. */
export async function changeMember(service: Service, request: Request): Promise<Response> {
  const conditions = conditionsOf(request);
  const id = memberInPath(request.url);
  const body = await readObject(request, ["role", "priority", "peer", "http", "client"]);
  const role = roleIn(body);
  const priority = priorityIn(body);
  const given = addressesIn(body);
  if (role === undefined && priority === undefined && Object.keys(given).length === 0) {
    throw invalidField("role", "or a priority or an address is needed: nothing is to be changed");
  }
  return change(service, request, conditions, () => {
    if (!isMember(service, id)) throw unknownMember(id);
    const prioritized = priority === undefined ? [] : [{ type: "prioritize", id, priority } as const];
    return [...roleChanges(service, id, role), ...prioritized, ...moves(service, id, given)];
  });
}

/** `PATCH /v1/cluster/members`: several members in one step; by joint consensus if more than one vote comes or goes. */
export async function changeMembers(service: Service, request: Request): Promise<Response> {
  const conditions = conditionsOf(request);
  const body = await readObject(request, ["promote", "demote", "remove"]);
  const changes = (["promote", "demote", "remove"] as const).flatMap((type) =>
    idsIn(body, type).map((id) => ({ type, id })),
  );
  if (changes.length === 0) throw invalidField("promote", "or demote or remove is needed: nothing is to be changed");
  return change(service, request, conditions, () => changes);
}

/** `DELETE /v1/cluster/members/{id}` */
export function removeMember(service: Service, request: Request): Promise<Response> {
  const conditions = conditionsOf(request);
  const id = memberInPath(request.url);
  return change(service, request, conditions, () => [{ type: "remove", id }]);
}

/** `POST /v1/cluster/members/{id}/readmission`: takes back a member that lost its store. */
export async function readmitMember(service: Service, request: Request): Promise<Response> {
  const conditions = conditionsOf(request);
  refusePreconditions(request.headers, ["if-none-match"]);
  const id = memberInPath(request.url);
  await readObject(request, [], true);
  return change(service, request, conditions, () => {
    const incarnation = service.node.currentStatus().peers.find((peer) => peer.id === id)?.stranger;
    if (incarnation !== undefined) return [{ type: "readmit", id, incarnation }];
    if (!isMember(service, id)) throw unknownMember(id);
    const message = `${id} was not heard with another store than the one that counts for it.`;
    throw requestError("QUORATE_CHANGE_REFUSED", message, { reason: "notReplaced" });
  });
}

/** Only the leader compares a wish with the members, so that everybody gets the same answer. */
async function change(
  service: Service,
  request: Request,
  conditions: ChangeConditions,
  changesOf: () => readonly MembershipChange[],
): Promise<Response> {
  try {
    if (service.node.currentStatus().role !== "leader") throw notLeader(service);
    const changes = changesOf();
    if (changes.length > 0) await service.node.changeMembership(changes, conditions);
    return listResponse(service, "linearizable");
  } catch (error) {
    return changeFailure(service, request, error);
  }
}

function listResponse(service: Service, consistency: string): Response {
  const { lastApplied, term, configurationIndex } = service.node.currentStatus();
  return new Response(JSON.stringify(memberList(service)), {
    status: 200,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      etag: `"${configurationIndex}"`,
      "raft-index": String(lastApplied),
      "raft-term": String(term),
      "raft-consistency": consistency,
    },
  });
}

function isMember(service: Service, id: string): boolean {
  const { voters, learners } = service.node.currentStatus().configuration;
  return voters.includes(id) || learners.includes(id);
}

/** Nothing if it has that role already. */
function roleChanges(service: Service, id: string, role: "voter" | "learner" | undefined): readonly MembershipChange[] {
  const isVoter = service.node.currentStatus().configuration.voters.includes(id);
  if (role === undefined || isVoter === (role === "voter")) return [];
  return [{ type: role === "voter" ? "promote" : "demote", id }];
}

/** The addresses that are not given stay as they are. */
function moves(service: Service, id: string, given: ReturnType<typeof addressesIn>): readonly MembershipChange[] {
  if (Object.keys(given).length === 0) return [];
  const address = encodeAddress(completeAddress(service, id, { ...service.addresses.of(id), ...given }));
  return [{ type: "move", id, address }];
}

function changeFailure(service: Service, request: Request, error: unknown): Response {
  switch (codeOf(error)) {
    case "QUORATE_CHANGE_REFUSED":
      return refusal(service, request, error);
    case "QUORATE_PROPOSAL_TIMEOUT":
      return problemResponse(service, request.url, error, { hint: "List the members before you ask again." });
    default:
      return failureResponse(service, request, error);
  }
}

function refusal(service: Service, request: Request, error: unknown): Response {
  const reason = detailOf(error, "reason");
  const { configurationIndex } = service.node.currentStatus();
  if (reason === "configurationChanged") {
    const message = `The members have changed: their configuration stands at index ${configurationIndex}.`;
    const changed = requestError("QUORATE_PRECONDITION", message, { configurationIndex });
    return problemResponse(service, request.url, changed, { hint: "List the members again and decide anew." });
  }
  if (reason === "unknownServer") return problemResponse(service, request.url, error, { status: 404 });
  return problemResponse(service, request.url, error, { status: impossible.has(reason) ? 422 : 409 });
}

function unknownMember(id: string): QuorateError {
  return requestError("QUORATE_CHANGE_REFUSED", `${id} is not a member.`, { reason: "unknownServer", id });
}

function notLeader(service: Service): QuorateError {
  const { leaderId, term } = service.node.currentStatus();
  return new QuorateError({
    code: "QUORATE_NOT_LEADER",
    message: `${service.nodeId} does not lead term ${term}.`,
    hint: "Send the request to the leader.",
    retryable: true,
    details: { leaderId, term },
  });
}
