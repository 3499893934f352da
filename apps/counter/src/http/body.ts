// Request bodies: one JSON object of at most 1 MiB, read with its limit enforced before everything is in memory.

import type { CanonicalJson, JsonValue } from "../state-machine/json-value.ts";
import { canonicalJson } from "../state-machine/json-value.ts";
import { jsonErrorPosition } from "./json-position.ts";
import { requestError } from "./problem.ts";

/** Largest body, in bytes. */
export const maxBodyBytes: number = 1024 * 1024;

/** The members of a JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

const decoder = new TextDecoder("utf-8", { fatal: true });
const jsonType = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?;?$/i;

/**
 * The body as a JSON object whose members are all in `allowed`. An empty body is an empty object if `emptyAllowed`.
 *
 * Throws `QUORATE_CONTENT_TYPE`, `QUORATE_TOO_LARGE`, `QUORATE_JSON_INVALID`, `QUORATE_REQUEST_INVALID`.
 */
export async function readObject(
  request: Request,
  allowed: readonly string[],
  emptyAllowed = false,
): Promise<JsonObject> {
  const headers = request.headers;
  const contentType = headers.get("content-type");
  const length = headers.get("content-length");
  if (length !== null && Number(length) > maxBodyBytes) throw tooLarge(`${length} bytes`);
  if (contentType !== null && !jsonType.test(contentType)) {
    throw requestError("QUORATE_CONTENT_TYPE", `The content type is "${contentType}", expected application/json.`);
  }
  const bytes = length === null ? await readStream(request) : new Uint8Array(await request.arrayBuffer());
  // Whoever serves the handler may not hold the client to the length that it announced.
  if (bytes.length > maxBodyBytes) throw tooLarge(`${bytes.length} bytes`);
  if (bytes.length === 0 && emptyAllowed) {
    refuseForeignForm(headers, contentType);
    return {};
  }
  if (contentType === null) {
    throw requestError("QUORATE_CONTENT_TYPE", "The request has no content type, expected application/json.");
  }
  return checkMembers(parse(bytes), allowed);
}

/** Canonical text of a member that may be any JSON value. */
export function valueMember(body: JsonObject, field: string): CanonicalJson {
  const value = body[field];
  if (value === undefined) throw invalidField(field, "is missing");
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof RangeError) throw invalidField(field, `holds a value that cannot be kept: ${error.message}`);
    throw error;
  }
}

/** The error for a member that does not have the right type. */
export function invalidField(field: string, problem: string): Error {
  return requestError("QUORATE_REQUEST_INVALID", `The member "${field}" ${problem}.`, { field });
}

/** Buffers a body of unannounced length, but not more than the limit. */
async function readStream(request: Request): Promise<Uint8Array> {
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    sizeBytes += part.value.length;
    if (sizeBytes > maxBodyBytes) {
      await reader.cancel();
      throw tooLarge(`more than ${maxBodyBytes} bytes`);
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks, sizeBytes);
}

/** A page of another site can send a POST without body and content type; browsers then name the page's origin. */
function refuseForeignForm(headers: Headers, contentType: string | null): void {
  if (contentType === null && headers.has("origin")) {
    throw requestError("QUORATE_CONTENT_TYPE", "Requests from browsers need the content type application/json.");
  }
}

function parse(bytes: Uint8Array): JsonValue {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw requestError("QUORATE_JSON_INVALID", "The body is not UTF-8.");
  }
  try {
    return JSON.parse(text) as JsonValue; // JSON.parse makes nothing else
  } catch {
    const position = jsonErrorPosition(text);
    const found = position < text.length ? `unexpected ${JSON.stringify(text[position])}` : "the text ends too early";
    throw requestError("QUORATE_JSON_INVALID", `The body is not JSON: ${found} at position ${position}.`, { position });
  }
}

function checkMembers(value: JsonValue, allowed: readonly string[]): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw requestError("QUORATE_REQUEST_INVALID", "The body must be a JSON object.", { field: "" });
  }
  for (const field of Object.keys(value)) {
    if (!allowed.includes(field)) {
      const list = allowed.map((name) => `"${name}"`).join(" and ");
      throw requestError("QUORATE_REQUEST_INVALID", `The member "${field.slice(0, 64)}" is unknown; known: ${list}.`, {
        field: field.slice(0, 64),
      });
    }
  }
  return value as JsonObject; // checked above: an object, and not an array
}

function tooLarge(found: string): Error {
  return requestError("QUORATE_TOO_LARGE", `The body has ${found}; ${maxBodyBytes} are allowed.`, {
    limitBytes: maxBodyBytes,
  });
}
