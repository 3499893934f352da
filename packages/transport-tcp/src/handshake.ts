// Who is on the other end: the texts that both sides exchange before any message. JSON of at most 1 KiB, so that a
// capture of the wire can be read and later versions can add fields; unknown fields are skipped.
//
// The dialler says hello: who it is, whom it expects, what it speaks. The other side answers welcome with its own
// identity, or refusal with a code that the dialler can show, and closes.

import type { Lane, TransportIdentity } from "@quorate/contracts";
import { lanes, QuorateError } from "@quorate/contracts";
import { codes, printable } from "./failure.ts";
import { frameBytes, protocolVersion } from "./frame.ts";

/** Largest handshake payload in bytes. */
export const maxHandshakeBytes = 1024;

/** The codec in use, as both sides name it. */
export type CodecVersion = {
  readonly name: string;
  readonly version: number;
};

/** The dialler's first frame. */
export type Hello = TransportIdentity & {
  /** The node id that the dialler's settings give for this address. */
  readonly expects: string;
  readonly lane: Lane;
  /** The protocol versions that the dialler can speak. */
  readonly versions: readonly number[];
  readonly codec: CodecVersion;
};

/** The answer that lets messages flow. */
export type Welcome = TransportIdentity & {
  /** The version that will be spoken, one of the hello's. */
  readonly version: number;
};

/** The answer that ends the connection. */
export type Refusal = {
  readonly code: string;
  readonly detail: string;
  readonly clusterId: string;
  readonly nodeId: string;
};

/** @throws QuorateError `QUORATE_OPTIONS_INVALID` if the names in it are too long for a handshake. */
export function helloFrame(hello: Hello): Uint8Array {
  return handshakeFrame("hello", hello);
}

/** @throws QuorateError as `helloFrame`. */
export function welcomeFrame(welcome: Welcome): Uint8Array {
  return handshakeFrame("welcome", welcome);
}

/** The frame that refuses; a detail that is too long for it is cut. */
export function refusalFrame(refusal: Refusal): Uint8Array {
  return handshakeFrame("refusal", { ...refusal, detail: refusal.detail.slice(0, 100) });
}

function handshakeFrame(type: "hello" | "welcome" | "refusal", content: object): Uint8Array {
  const payload = new TextEncoder().encode(JSON.stringify(content));
  if (payload.length <= maxHandshakeBytes) return frameBytes(type, payload);
  throw new QuorateError({
    code: "QUORATE_OPTIONS_INVALID",
    message: `The names of this cluster and its servers are too long: a ${type} takes ${payload.length} of ${maxHandshakeBytes} bytes.`,
    hint: "Use shorter names: 64 characters are plenty.",
  });
}

/** @throws QuorateError `QUORATE_DECODE_FAILED` naming the field that is wrong. */
export function readHello(payload: Uint8Array): Hello {
  const fields = readFields(payload, "hello");
  const lane = lanes.find((one) => one === fields["lane"]);
  if (lane === undefined) throw malformed("hello", "lane");
  const versions: unknown = fields["versions"];
  if (!Array.isArray(versions) || !versions.every(isVersion)) throw malformed("hello", "versions");
  return {
    ...readIdentity(fields, "hello"),
    expects: readText(fields, { what: "hello", field: "expects" }),
    lane,
    versions,
    codec: readCodec(fields["codec"]),
  };
}

/** @throws QuorateError as `readHello`. */
export function readWelcome(payload: Uint8Array): Welcome {
  const fields = readFields(payload, "welcome");
  const version = fields["version"];
  if (!isVersion(version)) throw malformed("welcome", "version");
  return { ...readIdentity(fields, "welcome"), version };
}

/** @throws QuorateError as `readHello`. */
export function readRefusal(payload: Uint8Array): Refusal {
  const fields = readFields(payload, "refusal");
  const text = (field: string) => printable(readText(fields, { what: "refusal", field }));
  return { code: text("code"), detail: text("detail"), clusterId: text("clusterId"), nodeId: text("nodeId") };
}

/** The highest version that both sides speak, or undefined. */
export function chooseVersion(versions: readonly number[]): number | undefined {
  return versions.includes(protocolVersion) ? protocolVersion : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function readFields(payload: Uint8Array, what: string): Fields {
  let decoded: unknown;
  try {
    decoded = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    throw malformed(what, "JSON");
  }
  if (!isFields(decoded)) throw malformed(what, "JSON");
  return decoded;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readIdentity(fields: Fields, what: string): TransportIdentity {
  const text = (field: string) => readText(fields, { what, field });
  return { clusterId: text("clusterId"), nodeId: text("nodeId"), incarnation: text("incarnation") };
}

function readText(fields: Fields, place: { readonly what: string; readonly field: string }): string {
  const value = Object.hasOwn(fields, place.field) ? fields[place.field] : undefined;
  if (typeof value !== "string") throw malformed(place.what, place.field);
  return value;
}

function readCodec(value: unknown): CodecVersion {
  if (!isFields(value) || !isVersion(value["version"])) throw malformed("hello", "codec");
  return { name: readText(value, { what: "hello", field: "name" }), version: value["version"] };
}

function isVersion(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function malformed(what: string, field: string): QuorateError {
  return new QuorateError({
    code: codes.garbage,
    message: `Not a handshake of this protocol: ${field} of the ${what} is missing or wrong.`,
    hint: "Check that only servers of this cluster, in compatible versions, dial the peer port.",
    details: { field },
  });
}
