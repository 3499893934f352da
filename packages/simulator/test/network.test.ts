// What the simulated network says about itself: which messages it has lost, repeated and mixed up.
import type { Message } from "@quorate/contracts";
import { describe, expect, test } from "vitest";
import { ChunkWatch } from "../src/ports/chunk-watch.ts";
import { received } from "../src/ports/wire.ts";
import { jsonCodec } from "./support/json-codec.ts";

const nothing = new Uint8Array(0);

function chunk(lastIncludedIndex: number, offsetBytes: number): Message {
  const header = { type: "snapshotRequest", from: "n1", to: "n2", term: 1 } as const;
  const snapshot = { lastIncludedIndex, lastIncludedTerm: 1, configuration: nothing, sizeBytes: 20, checksum: 7 };
  return { ...header, ...snapshot, offsetBytes, data: new Uint8Array(10) };
}

describe("pieces of snapshots are counted", () => {
  test("when they are lost, and other messages are not", () => {
    const watch = new ChunkWatch();
    watch.lost(chunk(5, 0));
    watch.lost({ type: "timeoutNow", from: "n1", to: "n2", term: 1 });
    expect(watch.counters).toEqual({ chunksLost: 1, chunksRepeated: 0, chunksMixed: 0 });
  });

  test("when they come again", () => {
    const watch = new ChunkWatch();
    for (const offset of [0, 10, 0]) watch.arrived(chunk(5, offset));
    expect(watch.counters.chunksRepeated).toBe(1);
  });

  test("when another snapshot comes before all of one were there, and not after", () => {
    const watch = new ChunkWatch();
    for (const [index, offset] of [
      [5, 0],
      [6, 0],
      [6, 10],
      [7, 0],
    ] as const)
      watch.arrived(chunk(index, offset));
    expect(watch.counters.chunksMixed).toBe(1);
  });
});

describe("a message between two builds", () => {
  const data = Uint8Array.of(1, 2);
  const message: Message = {
    type: "appendRequest",
    from: "n1",
    to: "n2",
    term: 1,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [{ index: 1, term: 1, kind: "command", data }],
    leaderCommit: 0,
  };
  const sent = { message, incarnation: "a", clusterId: "c" };

  test("is handed over as it is where builds have no codecs", () => {
    expect(received(sent, undefined)?.message).toBe(message);
  });

  test("is written and read where they have, and commands that came through whole are still the ones that were sent", () => {
    const read = received({ ...sent, codec: jsonCodec() }, jsonCodec());
    expect(read).toEqual({ message, incarnation: "a" });
    expect(read?.message).not.toBe(message);
    expect(read?.message).toMatchObject({ entries: [{ data: expect.toSatisfy((bytes) => bytes === data) }] });
  });

  test("carries what the writer made of a command, if that is something else", () => {
    const spoiling = jsonCodec({
      onWrite: (fields) => ({ ...fields, entries: [{ ...message.entries[0], data: nothing }] }),
    });
    expect(received({ ...sent, codec: spoiling }, jsonCodec())?.message).toMatchObject({
      entries: [{ data: nothing }],
    });
  });

  test("is dropped if its reader cannot read it", () => {
    const renaming = jsonCodec({ onWrite: ({ entries, ...fields }) => ({ ...fields, commands: entries }) });
    expect(received({ ...sent, codec: renaming }, jsonCodec())).toBeUndefined();
  });
});
