// From an envelope to its MessagePack array. The order of fields here is the format; read-envelope.ts mirrors it.
// A leader sends the same entries to every peer, so their bytes are made once and put at the end of each peer's array.

import type { Envelope } from "@quorate/contracts";
import { QuorateError } from "@quorate/contracts";
import type { Packr } from "msgpackr";
import { type Entry, kindNumbers, type Message, messageNumbers, refusalNumbers, type VoteRefusal } from "./layout.ts";
import { writeEntries } from "./write-entries.ts";

/** Longest name of a cluster, a server or an incarnation, in UTF-16 units. */
const maxNameLength = 256;

const nothing = new Uint8Array(0);

/** The two parts of an encoded envelope; the first may be overwritten by the next `write`. */
export type WrittenEnvelope = {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
};

/** Encodes envelopes and remembers the bytes of entry lists for as long as the lists live. */
export class EnvelopeWriter {
  readonly #packr: Packr;
  /** Keyed by identity: lists of entries are never changed after hand-over. */
  readonly #entriesBytes: WeakMap<readonly Entry[], Uint8Array> = new WeakMap();

  constructor(packr: Packr) {
    this.#packr = packr;
  }

  write(envelope: Envelope): WrittenEnvelope {
    const { message } = envelope;
    const fields = [
      name(envelope.clusterId, "clusterId"),
      envelope.groupId,
      name(envelope.incarnation, "incarnation"),
      messageNumbers[message.type],
      name(message.from, "from"),
      name(message.to, "to"),
      message.term,
      ...bodyFields(message),
    ];
    const head = this.#packr.pack(fields);
    if (message.type !== "appendRequest") return { head, tail: nothing };
    // The entries are one more element of the array just written: count it in its header, which is one byte below 16.
    head[0] = 0x90 | (fields.length + 1);
    return { head, tail: this.#writeEntries(message.entries) };
  }

  #writeEntries(entries: readonly Entry[]): Uint8Array {
    const known = this.#entriesBytes.get(entries);
    if (known !== undefined) return known;
    const bytes = writeEntries(entries) ?? this.#packEntries(entries);
    this.#entriesBytes.set(entries, bytes);
    return bytes;
  }

  #packEntries(entries: readonly Entry[]): Uint8Array {
    const packed = this.#packr.pack(
      entries.map((entry) => [entry.index, entry.term, kindNumbers[entry.kind], entry.data]),
    );
    // A copy, because it is kept: the library's slice would keep its whole pool block.
    return new Uint8Array(packed);
  }
}

/** The fields that a message type adds to the common ones; the entries of an append request follow separately. */
function bodyFields(message: Message): readonly unknown[] {
  switch (message.type) {
    case "preVoteRequest":
      return [message.campaignTerm, message.lastLogIndex, message.lastLogTerm];
    case "preVoteResponse":
      return [message.campaignTerm, message.granted, refusalNumber(message.reason)];
    case "voteRequest":
      return [message.lastLogIndex, message.lastLogTerm, message.isTransfer];
    case "voteResponse":
      return [message.granted, refusalNumber(message.reason)];
    case "appendRequest":
      return [message.prevLogIndex, message.prevLogTerm, message.leaderCommit];
    case "appendResponse":
      return message.accepted
        ? [true, message.matchIndex]
        : [false, message.prevLogIndex, message.hintIndex, message.hintTerm];
    case "heartbeatRequest":
      return [message.commitIndex, message.round];
    case "heartbeatResponse":
      return [message.round];
    case "timeoutNow":
      return [];
    case "snapshotRequest":
      return [
        message.lastIncludedIndex,
        message.lastIncludedTerm,
        message.configuration,
        message.sizeBytes,
        message.checksum,
        message.offsetBytes,
        message.data,
      ];
    case "snapshotResponse":
      return [message.lastIncludedIndex, message.receivedBytes];
    case "readIndexRequest":
      return [message.requestId];
    case "readIndexResponse":
      return [message.requestId, message.index ?? null];
    default:
      return unknownMessage(message);
  }
}

function unknownMessage(message: never): never {
  throw new QuorateError({
    code: "QUORATE_ENCODE_FAILED",
    message: `Not a message: ${JSON.stringify(message)}.`,
    hint: "Give the codec only messages that the core made.",
  });
}

function refusalNumber(reason: VoteRefusal | undefined): number | null {
  return reason === undefined ? null : refusalNumbers[reason];
}

/** Lone surrogates would come back as replacement characters: another name. */
function name(value: string, field: string): string {
  if (value.length <= maxNameLength && value.isWellFormed()) return value;
  throw new QuorateError({
    code: "QUORATE_ENCODE_FAILED",
    message: `${field} cannot be written: ${value.length} characters, at most ${maxNameLength} of well-formed text are allowed.`,
    hint: "Give clusters and servers short names.",
    details: { field },
  });
}
