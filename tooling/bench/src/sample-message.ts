// The message that the codec benchmarks encode: an append of 64 entries of 128 bytes, as in a busy cluster.
import type { Envelope } from "@quorate/contracts";
import type { AppendRequest } from "@quorate/core";

export const entriesPerMessage = 64;
const entryBytes = 128;

export const busyAppend: Envelope & { readonly message: AppendRequest } = {
  clusterId: "bench",
  groupId: 0,
  incarnation: "0a1b2c3d",
  message: {
    type: "appendRequest",
    from: "n1",
    to: "n2",
    term: 7,
    prevLogIndex: 1_000_000,
    prevLogTerm: 7,
    leaderCommit: 999_990,
    entries: Array.from({ length: entriesPerMessage }, (_, offset) => ({
      index: 1_000_001 + offset,
      term: 7,
      kind: "command",
      data: new Uint8Array(entryBytes).fill(offset),
    })),
  },
};
