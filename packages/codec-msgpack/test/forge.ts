// Makes envelopes by hand, so that tests can put on the wire what the codec itself would never write.

import { type Codec, type Envelope, QuorateError } from "@quorate/contracts";
import { Packr } from "msgpackr";

const packr = new Packr({ useRecords: false, moreTypes: false });

/** A version 1 envelope around these elements. */
export function envelopeBytes(elements: readonly unknown[]): Uint8Array {
  return Uint8Array.of(0x51, 1, ...packr.pack(elements));
}

/** The error that decoding these bytes ends with; fails the test if it is of another kind. */
export function catchDecodeError(codec: Codec, bytes: Uint8Array): QuorateError {
  try {
    codec.decode(bytes);
  } catch (error) {
    if (error instanceof QuorateError && error.code === "QUORATE_DECODE_FAILED") return error;
    throw error;
  }
  throw new Error("The bytes were accepted");
}

type AppendEnvelope = Envelope & { readonly message: Extract<Envelope["message"], { type: "appendRequest" }> };

const data = Uint8Array.of(1, 2, 3);

const heartbeat: { readonly fields: readonly unknown[]; readonly envelope: Envelope } = {
  fields: ["c", 0, "i", 7, "n1", "n2", 7, 40, 12],
  envelope: {
    clusterId: "c",
    groupId: 0,
    incarnation: "i",
    message: { type: "heartbeatRequest", from: "n1", to: "n2", term: 7, commitIndex: 40, round: 12 },
  },
};

const append: {
  readonly fields: { readonly before: readonly unknown[]; readonly entries: readonly (readonly unknown[])[] };
  readonly envelope: AppendEnvelope;
} = {
  fields: {
    before: ["c", 0, "i", 5, "n1", "n2", 7, 41, 6, 40],
    entries: [
      [42, 6, 1, data],
      [43, 7, 1, data],
    ],
  },
  envelope: {
    clusterId: "c",
    groupId: 0,
    incarnation: "i",
    message: {
      type: "appendRequest",
      from: "n1",
      to: "n2",
      term: 7,
      prevLogIndex: 41,
      prevLogTerm: 6,
      entries: [
        { index: 42, term: 6, kind: "command", data },
        { index: 43, term: 7, kind: "command", data },
      ],
      leaderCommit: 40,
    },
  },
};

/** Two well-formed envelopes and the elements that they consist of on the wire. */
export const fieldsOf: { readonly heartbeat: typeof heartbeat; readonly append: typeof append } = { heartbeat, append };
