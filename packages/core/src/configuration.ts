// Who belongs to the cluster, and how a configuration travels in the log. Thesis chapter 4.

import { areRecords } from "./server-records.ts";
import type { Configuration, Entry, NodeId } from "./types.ts";

/** True between the two steps of a change that replaces more than one voter at once. Thesis 4.3. */
export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing !== undefined;
}

/** Everybody who receives the log. */
export function membersOf({ voters, learners, outgoing = [] }: Configuration): readonly NodeId[] {
  return [...new Set([...voters, ...outgoing, ...learners])];
}

/** Everybody whose vote counts somewhere. */
export function votersOf({ voters, outgoing = [] }: Configuration): readonly NodeId[] {
  return [...new Set([...voters, ...outgoing])];
}

/** A configuration as the data of an entry: JSON in ASCII, which every platform and every later version can read. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const ascii = JSON.stringify(configuration).replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return Uint8Array.from(ascii, (character) => character.charCodeAt(0));
}

/** The configuration in an entry; undefined if there is none that makes sense. */
export function decodeConfiguration({ data }: Pick<Entry, "data">): Configuration | undefined {
  try {
    const parsed: unknown = JSON.parse(textOf(data));
    return isConfiguration(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes turned into characters at once: as many as can be arguments of a call. */
const TEXT_BYTES = 4096;

function textOf(ascii: Uint8Array): string {
  let text = "";
  for (let from = 0; from < ascii.byteLength; from += TEXT_BYTES) {
    const piece: string = Reflect.apply(String.fromCharCode, undefined, ascii.subarray(from, from + TEXT_BYTES));
    text += piece;
  }
  return text;
}

function isConfiguration(value: unknown): value is Configuration {
  if (typeof value !== "object" || value === null || !("voters" in value) || !("learners" in value)) return false;
  const outgoing = "outgoing" in value ? value.outgoing : undefined;
  const hasOutgoing = outgoing === undefined || (isIdList(outgoing) && outgoing.length > 0);
  if (!isIdList(value.voters) || value.voters.length === 0 || !isIdList(value.learners) || !hasOutgoing) return false;
  const members = [...value.voters, ...value.learners, ...(isIdList(outgoing) ? outgoing : [])];
  return !("records" in value) || areRecords(value.records, members);
}

function isIdList(value: unknown): value is readonly NodeId[] {
  return Array.isArray(value) && value.every((id) => typeof id === "string" && id !== "");
}
