// The keys a configuration may have and the types of their values. What the values mean is checked elsewhere.

import * as v from "valibot";
import { nearest } from "./nearest.ts";
import type { Problems } from "./problems.ts";
import type { Config, SnapshotConfig } from "./types.ts";

const memberShape = { peer: v.optional(v.string()), http: v.string(), client: v.optional(v.string()) };
const listenShape = { peer: v.optional(v.string()), http: v.optional(v.string()), client: v.optional(v.string()) };
const tlsShape = { ca: v.string(), cert: v.string(), key: v.string() };
const transportShape = {
  type: v.string(),
  insecure: v.optional(v.boolean()),
  tls: v.optional(v.object(tlsShape)),
  servers: v.optional(v.array(v.string())),
  subjectPrefix: v.optional(v.string()),
};
const clientTlsShape = { cert: v.string(), key: v.string(), ca: v.optional(v.string()) };
const clientShape = { tls: v.optional(v.object(clientTlsShape)) };
const storageShape = { type: v.optional(v.string()), onCorruption: v.optional(v.string()) };
const raftShape = {
  electionTimeoutMs: v.optional(v.strictTuple([v.number(), v.number()])),
  heartbeatMs: v.optional(v.number()),
  preVote: v.optional(v.boolean()),
  leaderLease: v.optional(v.boolean()),
  checkQuorum: v.optional(v.boolean()),
  leaseReads: v.optional(v.boolean()),
  maxClockDrift: v.optional(v.number()),
  diskStallMs: v.optional(v.number()),
  readmission: v.optional(v.string()),
};
const snapshotsShape = {
  everyEntries: v.optional(v.number()),
  everyBytes: v.optional(v.number()),
  retainEntries: v.optional(v.number()),
  retainBytes: v.optional(v.number()),
  pinnedBytes: v.optional(v.number()),
};
const limitsShape = {
  maxCommandBytes: v.optional(v.number()),
  maxUncommittedBytes: v.optional(v.number()),
  maxPendingReads: v.optional(v.number()),
  maxInflightMessages: v.optional(v.number()),
  maxInflightBytes: v.optional(v.number()),
  maxPromotionLag: v.optional(v.number()),
};
const configShape = {
  cluster: v.string(),
  id: v.string(),
  data: v.string(),
  members: v.record(v.string(), v.object(memberShape)),
  listen: v.optional(v.object(listenShape)),
  transport: v.optional(v.object(transportShape)),
  client: v.optional(v.object(clientShape)),
  storage: v.optional(v.object(storageShape)),
  raft: v.optional(v.object(raftShape)),
  snapshots: v.optional(v.object(snapshotsShape)),
  limits: v.optional(v.object(limitsShape)),
  join: v.optional(v.boolean()),
  addresses: v.optional(v.string()),
};

type RawMember = { peer?: string | undefined; http: string; client?: string | undefined };

/** A configuration whose keys and types are right, as it was written. */
export type RawConfig = {
  readonly cluster: string;
  readonly id: string;
  readonly data: string;
  readonly members: Readonly<Record<string, RawMember>>;
  readonly listen?: { peer?: string | undefined; http?: string | undefined; client?: string | undefined } | undefined;
  readonly transport?:
    | {
        type: string;
        insecure?: boolean | undefined;
        tls?: { ca: string; cert: string; key: string } | undefined;
        servers?: readonly string[] | undefined;
        subjectPrefix?: string | undefined;
      }
    | undefined;
  readonly client?: { tls?: { cert: string; key: string; ca?: string | undefined } | undefined } | undefined;
  readonly join?: boolean | undefined;
  readonly addresses?: string | undefined;
  readonly storage?: { type?: string | undefined; onCorruption?: string | undefined } | undefined;
  readonly raft?:
    | {
        electionTimeoutMs?: readonly [number, number] | undefined;
        heartbeatMs?: number | undefined;
        preVote?: boolean | undefined;
        leaderLease?: boolean | undefined;
        checkQuorum?: boolean | undefined;
        leaseReads?: boolean | undefined;
        maxClockDrift?: number | undefined;
        diskStallMs?: number | undefined;
        readmission?: string | undefined;
      }
    | undefined;
  readonly snapshots?: { readonly [Key in keyof SnapshotConfig]?: number | undefined } | undefined;
  readonly limits?: { readonly [Key in keyof Config["limits"]]?: number | undefined } | undefined;
};

const schema: v.GenericSchema<unknown, RawConfig> = v.object(configShape);

/** The keys of each object, by path; `*` stands for any member id. */
const knownKeys: Readonly<Record<string, readonly string[]>> = {
  "": Object.keys(configShape),
  "members.*": Object.keys(memberShape),
  listen: Object.keys(listenShape),
  transport: Object.keys(transportShape),
  "transport.tls": Object.keys(tlsShape),
  client: Object.keys(clientShape),
  "client.tls": Object.keys(clientTlsShape),
  storage: Object.keys(storageShape),
  raft: Object.keys(raftShape),
  snapshots: Object.keys(snapshotsShape),
  limits: Object.keys(limitsShape),
};

/** Checks keys and types; undefined if anything was reported. */
export function checkShape(raw: unknown, problems: Problems): RawConfig | undefined {
  refuseArrays(raw, "", problems);
  if (problems.count > 0) return undefined;
  checkKeys(raw, "", problems);
  const result = v.safeParse(schema, raw);
  for (const issue of result.issues ?? []) reportIssue(issue, problems);
  return result.success && problems.count === 0 ? result.output : undefined;
}

/** To JavaScript, and to the schema library, an array is an object too. */
function refuseArrays(value: unknown, path: string, problems: Problems): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    if (path === "members" || knownKeysAt(path) !== undefined) {
      problems.add(path, `must be an object, found ${shortJson(value)}`, "See the example in the README.");
    }
    return;
  }
  for (const [key, child] of Object.entries(value)) refuseArrays(child, path === "" ? key : `${path}.${key}`, problems);
}

function checkKeys(value: unknown, path: string, problems: Problems): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const known = knownKeysAt(path);
  for (const [key, child] of Object.entries(value)) {
    const childPath = path === "" ? key : `${path}.${key}`;
    if (known === undefined || known.includes(key)) {
      checkKeys(child, childPath, problems);
      continue;
    }
    const meant = nearest(key, known);
    problems.add(
      path,
      `unknown key "${key}"${meant === undefined ? "" : `; did you mean "${meant}"?`}`,
      `Keys ${path === "" ? "of a configuration" : `of "${path}"`}: ${known.join(", ")}.`,
    );
  }
}

function reportIssue(issue: v.BaseIssue<unknown>, problems: Problems): void {
  const path = v.getDotPath(issue) ?? "";
  const expected = describeExpected(issue);
  if (issue.input === undefined) {
    problems.add(path, `is missing, must be ${expected}`, "See the example in the README.");
    return;
  }
  problems.add(path, `must be ${expected}, found ${shortJson(issue.input)}`, "See the example in the README.");
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function knownKeysAt(path: string): readonly string[] | undefined {
  return knownKeys[path.replace(/^members\..+$/, "members.*")];
}

function describeExpected(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "";
  if (path.startsWith("raft.electionTimeoutMs")) return "two numbers, [minimum, maximum]";
  switch (issue.kind === "schema" ? schemaOf(issue, path) : issue.type) {
    case "object":
      return "an object";
    case "array":
      return "an array";
    case "boolean":
      return "true or false";
    case "number":
      return "a number";
    default:
      return "a string";
  }
}

/** A missing key is reported by the object around it, so its own type is looked up. */
function schemaOf(issue: v.BaseIssue<unknown>, path: string): string {
  if (issue.input !== undefined) return issue.type === "record" ? "object" : issue.type;
  return path === "members" || path === "" ? "object" : "string";
}
