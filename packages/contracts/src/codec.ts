// The port between messages and bytes. A codec is given to a transport; nobody else sees bytes of messages.

import type { Message } from "@quorate/core";

/** A message with what identifies its sender beyond its name. Every message on the wire is inside one. */
export type Envelope = {
  readonly clusterId: string;
  /** Raft group inside the cluster; always 0 today, on the wire so that many groups need no new format. */
  readonly groupId: number;
  /** Incarnation of the sender's store. */
  readonly incarnation: string;
  readonly message: Message;
};

/**
 * Envelopes to bytes and back.
 *
 * - `decode(encode(e))` equals `e`. The bytes of entries may be views into the input of `decode`: whoever keeps them
 *   longer than the input must copy.
 * - `decode` throws a `QuorateError` with code `QUORATE_DECODE_FAILED` on everything that is not a well-formed envelope of
 *   a version it knows, whatever the input, without unbounded work or memory.
 * - `encode` returns bytes that are not written to again by anyone. It may throw `QUORATE_TOO_LARGE` for an envelope over
 *   the codec's limit.
 */
export type Codec = {
  readonly name: string;
  /** Version of the format that `encode` writes; `decode` accepts all versions up to it. */
  readonly version: number;
  encode(envelope: Envelope): Uint8Array;
  decode(bytes: Uint8Array): Envelope;
};
