// Is a message that arrived on this server's subject what it seems? The broker has checked who may publish on a subject;
// here the envelope is held against the subject, so that nobody can speak for somebody else.

import type { Codec, Envelope, TransportIdentity } from "@quorate/contracts";
import { codeOf } from "@quorate/contracts";
import { codes, type Failure, printable } from "./failure.ts";
import { type Subjects, tokenOf } from "./subjects.ts";

/** A message to deliver, or why it is none. */
export type Verdict =
  | { readonly type: "message"; readonly message: Envelope["message"]; readonly incarnation: string }
  | { readonly type: "garbage"; readonly from: string; readonly failure: Failure };

/** Reads what arrived on `subject`. Never throws. */
export function checkArrival(
  arrival: { readonly subject: string; readonly data: Uint8Array },
  facts: { readonly identity: TransportIdentity; readonly subjects: Subjects; readonly codec: Codec },
): Verdict {
  const { identity, subjects, codec } = facts;
  const sender = subjects.senderToken(arrival.subject);
  const garbage = (code: string, detail: string): Verdict => {
    return { type: "garbage", from: printable(arrival.subject), failure: { code, detail: printable(detail) } };
  };
  let envelope: Envelope;
  try {
    envelope = codec.decode(plain(arrival.data));
  } catch (error) {
    return garbage(codeOf(error) ?? codes.garbage, error instanceof Error ? error.message : String(error));
  }
  const { clusterId, incarnation, message } = envelope;
  if (clusterId !== identity.clusterId) {
    return garbage(codes.clusterMismatch, `a message of cluster ${clusterId}, this is cluster ${identity.clusterId}`);
  }
  if (tokenOf(message.from) !== sender || message.from === identity.nodeId) {
    return garbage(codes.senderForged, `a message that says it is from ${message.from}, published as ${sender}`);
  }
  if (message.to !== identity.nodeId) {
    return garbage(codes.senderForged, `a message for ${message.to}, published for ${identity.nodeId}`);
  }
  return { type: "message", message, incarnation };
}

/** The library hands out Buffers; what is decoded from them should not depend on that. */
function plain(data: Uint8Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
