// Names of counters and keys of registers, out of a path that is not trusted.

import { pathOf, requestError } from "./problem.ts";

const maxNameBytes = 256;

/** The name in the third segment of `/v1/counters/{name}/…`, percent-decoded. Throws `QUORATE_NAME_INVALID`. */
export function nameInPath(url: string): string {
  const segment = segmentAt(pathOf(url), 3);
  // The common case: nothing to decode and too short to be too long.
  if (segment.length <= maxNameBytes && /^[\w-]+$/.test(segment)) return segment;
  return checkName(decode(segment));
}

/** A name that a counter or a register can have. Throws `QUORATE_NAME_INVALID`. */
export function checkName(name: string): string {
  // URLs drop such segments on the way, percent-encoded or not, so most clients could never name them.
  if (name === "." || name === "..") throw requestError("QUORATE_NAME_INVALID", `The name "${name}" cannot be used.`);
  const sizeBytes = Buffer.byteLength(name);
  if (sizeBytes < 1 || sizeBytes > maxNameBytes) {
    throw requestError("QUORATE_NAME_INVALID", `The name has ${sizeBytes} bytes; 1 to ${maxNameBytes} are allowed.`);
  }
  return name;
}

function segmentAt(path: string, position: number): string {
  const end = path.search(/[?#]/);
  return (end === -1 ? path : path.slice(0, end)).split("/", position + 1)[position] ?? "";
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw requestError("QUORATE_NAME_INVALID", "The name in the path is not valid percent-encoded UTF-8.");
  }
}
