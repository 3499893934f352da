// The frame around everything on a client connection. Header of 12 bytes, numbers big-endian:
//
//   0  "QC", 2 bytes               4  payload length, 4 bytes
//   2  version, 1 byte             8  CRC-32 of bytes 0 to 7
//   3  frame type, 1 byte

import { crc32 } from "@quorate/contracts";
import { notUnderstood } from "./refusal.ts";

/** What a frame carries. */
export type FrameType = "hello" | "welcome" | "refusal" | "requests" | "answers" | "ping" | "pong";

/** Version of the frame and of all that is in it. */
export const protocolVersion = 1;
/** Length of the header. */
export const headerBytes = 12;
/** Largest payload of the frames before requests may be sent. */
export const maxHandshakeBytes = 1024;
/** Largest payload of any frame: a command of the largest size and some more. */
export const maxFrameBytes: number = 4 * 1024 * 1024;

const magic = 0x51_43;
const typeNames: readonly (FrameType | undefined)[] = [
  undefined,
  "hello",
  "welcome",
  "refusal",
  "requests",
  "answers",
  "ping",
  "pong",
];

/** The largest payload of each type that is acceptable now; a type that is absent is not. */
export type FrameLimits = Readonly<Partial<Record<FrameType, number>>>;

/** What a header announces. */
export type FrameHeader = { readonly type: FrameType; readonly payloadBytes: number };

/** Writes the header of a payload of `payloadBytes` into the first bytes of `frame`. */
export function writeHeader(frame: Uint8Array, type: FrameType): void {
  const view = new DataView(frame.buffer, frame.byteOffset, headerBytes);
  view.setUint16(0, magic);
  view.setUint8(2, protocolVersion);
  view.setUint8(3, typeNames.indexOf(type));
  view.setUint32(4, frame.length - headerBytes);
  view.setUint32(8, crc32(frame.subarray(0, 8)));
}

/** A whole frame. */
export function frameOf(type: FrameType, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const frame = new Uint8Array(headerBytes + payload.length);
  frame.set(payload, headerBytes);
  writeHeader(frame, type);
  return frame;
}

/**
 * Reads a header and compares what it announces with the limits, before anything is kept or allocated for it.
 * Throws `QUORATE_DECODE_FAILED`.
 */
export function readHeader(bytes: Uint8Array, limits: FrameLimits): FrameHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  if (view.getUint16(0) !== magic) throw notUnderstood("a frame does not begin with QC");
  const version = view.getUint8(2);
  if (version !== protocolVersion) throw notUnderstood(`frame version ${version}, expected ${protocolVersion}`);
  if (view.getUint32(8) !== crc32(bytes.subarray(0, 8))) throw notUnderstood("the checksum of a header is wrong");
  const number = view.getUint8(3);
  const type = typeNames[number];
  const limit = type === undefined ? undefined : limits[type];
  if (type === undefined || limit === undefined) throw notUnderstood(`a frame of type ${number} is not expected now`);
  const payloadBytes = view.getUint32(4);
  if (payloadBytes > limit) {
    throw notUnderstood(`a frame of ${type} declares ${payloadBytes} bytes; ${limit} are allowed`);
  }
  return { type, payloadBytes };
}
