// What a configuration says of single members: which store speaks for each of them, where it is reached, what it is to
// become. Raft takes for granted that a server remembers; a server that lost its disk does not, and must not go on under
// its old name as if it did.

import type { Configuration, NodeId, ServerRecord } from "./types.ts";

/** Highest priority of a member. */
export const MAX_PRIORITY = 100;
/** Longest address of a member, in UTF-16 units. */
export const MAX_ADDRESS_LENGTH = 1024;
const MAX_INCARNATION_LENGTH = 256;

/** What is remembered of one member. */
export function recordOf({ records = [] }: Configuration, id: NodeId): ServerRecord | undefined {
  return records.find((record) => record.id === id);
}

/** The store that may speak for a member; undefined if any may. */
export function incarnationOf(configuration: Configuration, id: NodeId): string | undefined {
  return recordOf(configuration, id)?.incarnation;
}

/** How much this member is wanted as the leader. */
export function priorityOf(configuration: Configuration, id: NodeId): number {
  return recordOf(configuration, id)?.priority ?? 0;
}

/** True if what somebody says from this store counts as said by the member. */
export function speaksFor(configuration: Configuration, id: NodeId, incarnation: string | undefined): boolean {
  const expected = incarnationOf(configuration, id);
  return expected === undefined || expected === incarnation;
}

/** True once the cluster has noted whose store is whose; that is its first act. */
export function isFormed({ records = [] }: Configuration): boolean {
  return records.some(({ incarnation }) => incarnation !== undefined);
}

/** The configuration with these facts about one member in place of the old ones; undefined takes a fact away. */
export function withRecord(
  configuration: Configuration,
  {
    id,
    ...facts
  }: { readonly id: NodeId } & {
    readonly [Fact in Exclude<keyof ServerRecord, "id">]?: ServerRecord[Fact] | undefined;
  },
): Configuration {
  const merged = { ...recordOf(configuration, id), ...facts };
  const known = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
  const others = (configuration.records ?? []).filter((record) => record.id !== id);
  const records: readonly ServerRecord[] = Object.keys(known).some((fact) => fact !== "id")
    ? [...others, { ...known, id }]
    : others;
  const { records: _replaced, ...rest } = configuration;
  return records.length === 0 ? rest : { ...rest, records };
}

/** The configuration without what is remembered of servers that are not in `ids`. */
export function onlyRecordsOf(configuration: Configuration, ids: readonly NodeId[]): Configuration {
  const { records = [], ...rest } = configuration;
  const kept = records.filter(({ id }) => ids.includes(id));
  return kept.length === 0 ? rest : { ...rest, records: kept };
}

/** True for a list of records that a correct server could have written. */
export function areRecords(value: unknown, members: readonly NodeId[]): value is readonly ServerRecord[] {
  if (!Array.isArray(value)) return false;
  const ids = value.map((record: unknown) => (isRecord(record) ? record.id : undefined));
  return ids.every((id, position) => id !== undefined && members.includes(id) && ids.indexOf(id) === position);
}

function isRecord(value: unknown): value is ServerRecord {
  if (typeof value !== "object" || value === null || !("id" in value) || typeof value.id !== "string") return false;
  const incarnation = "incarnation" in value ? value.incarnation : undefined;
  const address = "address" in value ? value.address : undefined;
  const promotes = "promotes" in value ? value.promotes : undefined;
  const priority = "priority" in value ? value.priority : undefined;
  return (
    isTextUpTo(incarnation, MAX_INCARNATION_LENGTH) &&
    isTextUpTo(address, MAX_ADDRESS_LENGTH) &&
    (promotes === undefined || typeof promotes === "boolean") &&
    (priority === undefined || isPriority(priority))
  );
}

/** True for a number that can be a priority. */
export function isPriority(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_PRIORITY;
}

function isTextUpTo(value: unknown, length: number): boolean {
  return value === undefined || (typeof value === "string" && value.length <= length);
}
