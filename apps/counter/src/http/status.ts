// What a node says of itself: the picture of the cluster, and the probes of supervisors and load balancers.

import type { NodeStatus } from "@quorate/node";
import type { Service } from "../service-node.ts";
import { leaderOf, problemResponse, requestError } from "./problem.ts";

/** `GET /v1/status`: answered by every node, whatever its role. */
export function statusResponse(service: Service): Response {
  const { lastApplied, term } = service.node.currentStatus();
  return json(200, statusOf(service), {
    "raft-index": String(lastApplied),
    "raft-term": String(term),
    "raft-consistency": "stale",
  });
}

/** What a node says of itself, on every wire. */
export function statusOf(service: Service): object {
  const status = service.node.currentStatus();
  const { commitIndex, lastApplied, lastIndex, firstIndex, term, role } = status;
  return {
    cluster: service.clusterId,
    id: service.nodeId,
    role,
    term,
    leader: leaderOf(service, status.leaderId),
    commitIndex,
    lastApplied,
    lastIndex,
    firstIndex,
    stateHash: service.stateHash(),
    members: membersOf(service, status),
    ...diagnosisOf(service),
    version: service.version,
  };
}

/** `GET /livez`: false only if a restart would help. Does not depend on other nodes. */
export function livenessResponse(service: Service, { url }: Request): Response {
  const { state } = service.node.currentStatus();
  if (state !== "failed") return json(200, { status: "ok" });
  return notReady(service, url, ["the node has stopped because of an error; its log says which"]);
}

/** `GET /readyz`: whether requests sent here can be answered. */
export function readinessResponse(service: Service, { url }: Request): Response {
  const reasons = unreadyReasons(service);
  return reasons.length === 0 ? json(200, { status: "ok" }) : notReady(service, url, reasons);
}

function unreadyReasons(service: Service): readonly string[] {
  const { state, leaderId } = service.node.currentStatus();
  const reasons: string[] = [];
  if (service.isDraining()) reasons.push("the node is shutting down");
  if (state === "failed") reasons.push("the node has stopped because of an error; its log says which");
  if (state === "closed") reasons.push("the node is closed");
  if (leaderId === undefined) reasons.push("no leader is known");
  const explanation = service.explain();
  if (explanation !== undefined) reasons.push(explanation);
  return reasons;
}

function notReady(service: Service, url: string, reasons: readonly string[]): Response {
  const message = `${service.nodeId} is not ready: ${reasons.join("; ")}.`;
  return problemResponse(service, url, requestError("QUORATE_NOT_READY", message, { reasons }));
}

/** Only while something is wrong. */
function diagnosisOf(service: Service): { readonly diagnosis?: string } {
  const diagnosis = service.explain();
  return diagnosis === undefined ? {} : { diagnosis };
}

function membersOf(service: Service, status: NodeStatus): readonly object[] {
  const { voters, learners } = status.configuration;
  const peers = new Map(status.peers.map((peer) => [peer.id, peer]));
  return [...voters, ...learners].map((id) => {
    const peer = peers.get(id);
    const self = id === service.nodeId && status.role === "leader";
    return {
      id,
      voter: voters.includes(id),
      http: service.addresses.of(id)?.http ?? null,
      ...(peer === undefined ? {} : { matchIndex: peer.matchIndex, lastContactMs: Math.round(peer.lastContactMs) }),
      ...(self ? { matchIndex: status.durableIndex, lastContactMs: 0 } : {}),
    };
  });
}

function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}
