// What a request about members asks for: ids and addresses out of bodies that are not trusted, and the conditions.

import { formatHostPort, isWildcard, parseHostPort } from "../config/addresses.ts";
import type { MemberAddress } from "../members/address.ts";
import type { Service } from "../service-node.ts";
import { invalidField, type JsonObject } from "./body.ts";
import { pathOf, requestError } from "./problem.ts";
import { preconditionOf } from "./request-headers.ts";

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const idRule = "must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit";

/** What to do, and what must hold for it. */
export type ChangeConditions = { readonly expectedIndex?: number; readonly force?: boolean };

/** The member in the fourth segment of `/v1/cluster/members/{id}/…`. Throws `QUORATE_NAME_INVALID`. */
export function memberInPath(url: string): string {
  const path = pathOf(url).split("?")[0] ?? "";
  const id = path.split("/")[4] ?? "";
  if (idPattern.test(id)) return id;
  throw requestError("QUORATE_NAME_INVALID", `The id of a node ${idRule}.`);
}

/** The member `id` of a body. */
export function idIn(body: JsonObject): string {
  const { id } = body;
  if (typeof id === "string" && idPattern.test(id)) return id;
  throw invalidField("id", idRule);
}

/** A list of ids in a body; empty if there is none. */
export function idsIn(body: JsonObject, field: string): readonly string[] {
  const ids = body[field] ?? [];
  if (Array.isArray(ids) && ids.every((id) => typeof id === "string" && idPattern.test(id))) return ids;
  throw invalidField(field, `must be a list of ids; each ${idRule}`);
}

/** The member `role` of a body; undefined if there is none. */
export function roleIn({ role }: JsonObject): "voter" | "learner" | undefined {
  if (role === undefined || role === "voter" || role === "learner") return role;
  throw invalidField("role", 'must be "voter" or "learner"');
}

/** The member `priority` of a body; undefined if there is none. */
export function priorityIn({ priority }: JsonObject): number | undefined {
  if (priority === undefined) return undefined;
  if (typeof priority === "number" && Number.isSafeInteger(priority) && priority >= 0 && priority <= 100)
    return priority;
  throw invalidField("priority", "must be a whole number from 0 to 100");
}

/** The addresses in a body, each of them optional. */
export function addressesIn(body: JsonObject): Partial<MemberAddress> {
  const peer = body["peer"] === undefined ? undefined : hostPort("peer", body["peer"]);
  const client = body["client"] === undefined ? undefined : hostPort("client", body["client"]);
  const http = body["http"] === undefined ? undefined : baseUrl(body["http"]);
  return {
    ...(peer !== undefined && { peer }),
    ...(http !== undefined && { http }),
    ...(client !== undefined && { client }),
  };
}

/** The addresses of a whole member: what the others have, it needs too, and none that another member has. */
export function completeAddress(service: Service, id: string, given: Partial<MemberAddress>): MemberAddress {
  const { http, peer } = given;
  if (http === undefined) throw invalidField("http", "is missing");
  const own = service.addresses.of(service.nodeId);
  if (peer === undefined && own?.peer !== undefined) throw invalidField("peer", "is missing");
  const { voters, learners } = service.node.currentStatus().configuration;
  for (const other of [...voters, ...learners]) {
    if (other === id) continue;
    const taken = service.addresses.of(other);
    for (const field of ["peer", "http", "client"] as const) {
      if (given[field] === undefined || given[field] !== taken?.[field]) continue;
      throw invalidField(field, `is the address of ${other}`);
    }
  }
  return { ...given, http };
}

/** `If-Match` names the configuration that the caller has seen; `force` in the query does what would be refused. */
export function conditionsOf(request: Request): ChangeConditions {
  if (request.headers.has("idempotency-key")) {
    throw requestError(
      "QUORATE_REQUEST_INVALID",
      'The header Idempotency-Key is not supported here; use If-Match: "<configurationIndex>" to make repeating safe.',
      { field: "Idempotency-Key" },
    );
  }
  const precondition = preconditionOf(request.headers);
  if (precondition.type === "absent" || precondition.type === "present") {
    throw requestError("QUORATE_REQUEST_INVALID", 'Conditions here name a configuration: If-Match: "17".', {
      field: "If-Match",
    });
  }
  const force = forceOf(request.url);
  return {
    ...(precondition.type === "revision" && { expectedIndex: precondition.revision }),
    ...(force && { force }),
  };
}

function forceOf(url: string): boolean {
  const start = url.indexOf("?");
  const value = start === -1 ? null : new URLSearchParams(url.slice(start + 1)).get("force");
  if (value === null || value === "false") return false;
  if (value === "true") return true;
  throw requestError("QUORATE_REQUEST_INVALID", "force must be true or false.", { field: "force" });
}

function hostPort(field: string, value: unknown): string {
  const address = typeof value === "string" ? parseHostPort(value, 1) : undefined;
  if (address === undefined) throw invalidField(field, "must be an address, such as 10.0.0.4:7101");
  if (isWildcard(address.host)) throw invalidField(field, "cannot be dialled by the other nodes");
  return formatHostPort(address);
}

/** `HOST:PORT`, as in configuration files, or the base address itself. */
function baseUrl(value: unknown): string {
  if (typeof value !== "string") throw invalidField("http", "must be an address, such as 10.0.0.4:8101");
  if (!value.includes("://")) return `http://${hostPort("http", value)}`;
  const url = URL.parse(value);
  const isBase = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === "";
  if (isBase && url.username === "" && !isWildcard(url.hostname)) return url.origin;
  throw invalidField("http", "must be HOST:PORT or the base address of an HTTP interface");
}
