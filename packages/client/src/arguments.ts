// Checks of what callers pass in, before anything is sent.

import { QuorateError } from "@quorate/contracts";
import type { WriteCondition } from "./operations/operation.ts";

/** Largest name of a counter, key of a register or id of a node, in bytes of UTF-8. */
export const maxNameBytes = 256;

/** The name of a counter or the key of a register. Throws `QUORATE_COMMAND_INVALID` if it cannot be one. */
export function checkedName(name: string): string {
  // Addresses drop the segments "." and "..", percent-encoded or not, so such names could never arrive.
  if (name === "." || name === "..") throw invalid(`the name "${name}" cannot be part of an address`);
  checkText("the name", name);
  return name;
}

/** The id of a node. Throws `QUORATE_COMMAND_INVALID` if no node can have it. */
export function nodeId(id: string): string {
  checkText("the node's id", id);
  return id;
}

function checkText(what: string, text: string): void {
  if (!text.isWellFormed()) throw invalid(`${what} has half of a surrogate pair`);
  const bytes = new TextEncoder().encode(text).length;
  if (bytes < 1 || bytes > maxNameBytes) throw invalid(`${what} has ${bytes} bytes, allowed are 1 to ${maxNameBytes}`);
}

/** A key that the caller gave. Throws `QUORATE_COMMAND_INVALID` if it cannot be one. */
export function checkedKey(key: string): string {
  if (/^[\x21-\x7e]{1,128}$/.test(key)) return key;
  throw invalid("idempotencyKey must be 1 to 128 visible ASCII characters");
}

/** A condition that can be met. Throws `QUORATE_COMMAND_INVALID`. */
export function checkedCondition({ ifMatch, ifNoneMatch }: WriteCondition): WriteCondition {
  if (ifMatch !== undefined && ifNoneMatch !== undefined) throw invalid("ifMatch and ifNoneMatch exclude each other");
  if (ifMatch !== undefined && !Number.isSafeInteger(ifMatch)) throw invalid(`ifMatch is ${ifMatch}, not a revision`);
  return { ifMatch, ifNoneMatch };
}

/** JSON text of a value; throws on what JSON cannot carry, which types alone cannot prevent. */
export function jsonText(value: unknown): string {
  const text: unknown = JSON.stringify(value);
  if (typeof text === "string") return text;
  throw invalid(`a value of type ${typeof value} cannot be written as JSON`);
}

/** An error about an argument: nothing was sent. */
export function invalid(what: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_COMMAND_INVALID",
    message: `Invalid argument: ${what}.`,
    hint: "Nothing was sent. Correct the call.",
  });
}
