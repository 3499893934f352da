// The frame around everything on the wire. Header of 20 bytes, numbers big-endian:
//
//   0  "QRFT"                      8  payload length, 4 bytes
//   4  version, 1 byte            12  CRC-32 of the payload
//   5  frame type, 1 byte         16  CRC-32 of bytes 0 to 15
//   6  zero, 2 bytes

import { crc32 } from "node:zlib";
import { QuorateError } from "@quorate/contracts";
import { codes } from "./failure.ts";

/** What a frame carries. */
export type FrameType = "hello" | "welcome" | "refusal" | "message" | "ping" | "alive";

/** One frame as it was read; the payload is not written to again by anyone. */
export type Frame = {
  readonly type: FrameType;
  readonly payload: Uint8Array;
};

/** Version of the frame and of everything that is agreed on in the handshake. */
export const protocolVersion = 1;
/** Length of the header. */
export const headerBytes = 20;

const magic = 0x51_52_46_54;
const typeNumbers: Readonly<Record<FrameType, number>> = {
  hello: 1,
  welcome: 2,
  refusal: 3,
  message: 4,
  ping: 5,
  alive: 6,
};
const typeNames: readonly (FrameType | undefined)[] = [
  undefined,
  "hello",
  "welcome",
  "refusal",
  "message",
  "ping",
  "alive",
];

/** The header to send before a payload. */
export function frameHeader(type: FrameType, payload: Uint8Array): Uint8Array {
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt32BE(magic, 0);
  header.writeUInt8(protocolVersion, 4);
  header.writeUInt8(typeNumbers[type], 5);
  header.writeUInt16BE(0, 6);
  header.writeUInt32BE(payload.length, 8);
  header.writeUInt32BE(crc32(payload), 12);
  header.writeUInt32BE(crc32(header.subarray(0, 16)), 16);
  return header;
}

/** A whole frame in one piece, for the small ones. */
export function frameBytes(type: FrameType, payload: Uint8Array): Uint8Array {
  return Buffer.concat([frameHeader(type, payload), payload]);
}

/** The largest payload of each type that is acceptable now; a type that is absent is not. */
export type FrameLimits = Readonly<Partial<Record<FrameType, number>>>;

/** What a header announces. */
export type FrameHeader = {
  readonly type: FrameType;
  readonly payloadBytes: number;
  readonly payloadCrc: number;
};

/**
 * Reads a header and compares what it announces with the limits, before anything is kept or allocated for it.
 *
 * @throws QuorateError `QUORATE_VERSION_MISMATCH` or `QUORATE_DECODE_FAILED`.
 */
export function readHeader(bytes: Buffer, limits: FrameLimits): FrameHeader {
  if (bytes.readUInt32BE(0) !== magic) throw notAFrame("it does not begin with QRFT");
  const version = bytes.readUInt8(4);
  if (version !== protocolVersion) {
    throw notAFrame(`frame version ${version}, but this server speaks ${protocolVersion}`, codes.versionMismatch);
  }
  if (bytes.readUInt32BE(16) !== crc32(bytes.subarray(0, 16))) throw notAFrame("its header's checksum is wrong");
  const type = typeNames[bytes.readUInt8(5)];
  const limit = type === undefined ? undefined : limits[type];
  if (type === undefined || limit === undefined) throw notAFrame(`type ${bytes.readUInt8(5)} is not expected now`);
  if (bytes.readUInt16BE(6) !== 0) throw notAFrame("reserved bytes are set");
  const payloadBytes = bytes.readUInt32BE(8);
  if (payloadBytes > limit) throw notAFrame(`${type} declares ${payloadBytes} bytes, at most ${limit} are allowed`);
  return { type, payloadBytes, payloadCrc: bytes.readUInt32BE(12) };
}

/** Fails unless the payload is what its header promised. */
export function checkPayload(header: FrameHeader, payload: Uint8Array): void {
  if (crc32(payload) !== header.payloadCrc) throw notAFrame(`the checksum of a ${header.type} is wrong`);
}

function notAFrame(problem: string, code: string = codes.garbage): QuorateError {
  return new QuorateError({
    code,
    message: `Not a frame of this protocol: ${problem}.`,
    hint: "Check that only servers of this cluster, in compatible versions, dial the peer port.",
    details: { problem },
  });
}
