// The first frames of a connection: the client says which versions it speaks and which cluster it expects, the server
// answers with who it is and what it allows, or with why it refuses.

import { protocolVersion } from "./frame.ts";
import { notUnderstood } from "./refusal.ts";
import { WireReader } from "./reader.ts";
import { WireWriter } from "./writer.ts";

/** `[versions, clusterId | nil]` */
export type Hello = {
  readonly versions: readonly number[];
  /** Undefined: any cluster. */
  readonly clusterId: string | undefined;
};

/** `[version, clusterId, nodeId, maxInFlight, sessionWindow]` */
export type Welcome = {
  readonly version: number;
  readonly clusterId: string;
  readonly nodeId: string;
  /** Requests that may be open on this connection; more are refused as `QUORATE_BUSY`. */
  readonly maxInFlight: number;
  /** Commands of one session that may be under way; see the table of sessions. */
  readonly sessionWindow: number;
};

/** `[code, message, hint]`: the server closes the connection after it. */
export type Refusal = { readonly code: string; readonly message: string; readonly hint: string };

const maxVersions = 16;
const maxNameBytes = 256;
const maxTextBytes = 600;

/** The bytes of a hello. */
export function encodeHello({ clusterId }: { readonly clusterId: string | undefined }): Uint8Array {
  const writer = new WireWriter(64);
  writer.array(2);
  writer.array(1);
  writer.integer(protocolVersion);
  if (clusterId === undefined) writer.nil();
  else writer.text(clusterId);
  return writer.take();
}

/** Throws `QUORATE_DECODE_FAILED`. */
export function decodeHello(payload: Uint8Array): Hello {
  const reader = new WireReader(payload);
  reader.arrayOf(2, "hello");
  const count = reader.arrayLength("versions");
  if (count > maxVersions) throw notUnderstood(`${count} versions`);
  const versions = Array.from({ length: count }, () => reader.unsigned("version"));
  const clusterId = reader.skipNil() ? undefined : reader.text("clusterId", maxNameBytes);
  reader.end();
  return { versions, clusterId };
}

/** The bytes of a welcome. */
export function encodeWelcome(welcome: Welcome): Uint8Array {
  const writer = new WireWriter(128);
  writer.array(5);
  writer.integer(welcome.version);
  writer.text(welcome.clusterId);
  writer.text(welcome.nodeId);
  writer.integer(welcome.maxInFlight);
  writer.integer(welcome.sessionWindow);
  return writer.take();
}

/** Throws `QUORATE_DECODE_FAILED`. */
export function decodeWelcome(payload: Uint8Array): Welcome {
  const reader = new WireReader(payload);
  reader.arrayOf(5, "welcome");
  const version = reader.unsigned("version");
  const clusterId = reader.text("clusterId", maxNameBytes);
  const nodeId = reader.text("nodeId", maxNameBytes);
  const maxInFlight = reader.unsigned("maxInFlight");
  const sessionWindow = reader.unsigned("sessionWindow");
  reader.end();
  if (maxInFlight < 1 || sessionWindow < 1) throw notUnderstood("a welcome that allows nothing");
  return { version, clusterId, nodeId, maxInFlight, sessionWindow };
}

/** The bytes of a refusal; long texts are cut, because the other side takes 1 KiB. */
export function encodeRefusal({ code, message, hint }: Refusal): Uint8Array {
  const writer = new WireWriter(256);
  writer.array(3);
  for (const text of [code, message, hint]) writer.text(text.slice(0, 110));
  return writer.take();
}

/** Throws `QUORATE_DECODE_FAILED`. */
export function decodeRefusal(payload: Uint8Array): Refusal {
  const reader = new WireReader(payload);
  reader.arrayOf(3, "refusal");
  const code = reader.text("code", maxTextBytes);
  const message = reader.text("message", maxTextBytes);
  const hint = reader.text("hint", maxTextBytes);
  reader.end();
  return { code, message, hint };
}
