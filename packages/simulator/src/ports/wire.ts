// A message under way. Between nodes whose builds have codecs it is bytes: written by its sender's, read by its receiver's.

import { type Codec, codeOf, type Entry, type Message } from "@quorate/contracts";

/** A message, the store of the server that sent it, and how that server writes. */
export type Sent = {
  readonly message: Message;
  readonly incarnation: string;
  readonly clusterId: string;
  readonly codec?: Codec | undefined;
};

/** What arrives, if the receiver can read it; undefined if it refuses the bytes, as a transport would, and drops them. */
export function received(sent: Sent, reader: Codec | undefined): Pick<Sent, "message" | "incarnation"> | undefined {
  const { message, incarnation, clusterId, codec: writer } = sent;
  if (writer === undefined || reader === undefined) return sent;
  const bytes = writer.encode({ clusterId, groupId: 0, incarnation, message });
  try {
    const read = reader.decode(bytes);
    return { message: withSameData(read.message, message), incarnation: read.incarnation };
  } catch (error) {
    if (codeOf(error) === "QUORATE_DECODE_FAILED") return undefined;
    throw error;
  }
}

/**
 * Commands are told apart by the identity of their bytes, because a workload may give two of them the same content. Bytes
 * that come out as they went in are therefore taken to be the ones that went in.
 */
function withSameData(read: Message, sent: Message): Message {
  if (read.type !== "appendRequest" || sent.type !== "appendRequest") return read;
  const entries = read.entries.map((entry, position) => {
    const original = sent.entries[position];
    return original !== undefined && isSameData(entry, original) ? { ...entry, data: original.data } : entry;
  });
  return { ...read, entries };
}

function isSameData({ data: a }: Entry, { data: b }: Entry): boolean {
  return a.byteLength === b.byteLength && a.every((byte, position) => byte === b[position]);
}
