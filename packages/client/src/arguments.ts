// Checks of what callers pass in, before anything is sent.

import { QuorateError } from "@quorate/contracts";

/** Largest name of a counter, key of a register or id of a node, in bytes of UTF-8. */
export const maxNameBytes = 256;

/** A name as a path segment. Throws `QUORATE_COMMAND_INVALID` if it cannot be one. */
export function encodeName(name: string): string {
  // Addresses drop the segments "." and "..", percent-encoded or not, so such names could never arrive.
  if (name === "." || name === "..") throw invalid(`the name "${name}" cannot be part of an address`);
  checkText("the name", name);
  return encodeURIComponent(name);
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

/** The caller's key, or a new random one. */
export function idempotencyKey(key: string | undefined): string {
  if (key === undefined) return crypto.randomUUID();
  if (/^[\x21-\x7e]{1,128}$/.test(key)) return key;
  throw invalid("idempotencyKey must be 1 to 128 visible ASCII characters");
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
