// What a later version may add without anybody noticing, and what must not change meaning: a version that does is found.
import { msgpackCodec } from "@quorate/codec-msgpack";
import type { Codec, Envelope, Message } from "@quorate/contracts";
import { type Build, registers, simulate, SimulationFailure } from "@quorate/simulator";
import { Packr } from "msgpackr";
import { expect, test } from "vitest";
import { presentBuild } from "../src/builds.ts";

const codec = msgpackCodec();
const packr = new Packr({ useRecords: false, moreTypes: false });

/** Envelopes, and entries in them, with elements at their end that this version does not know. */
function talkative(): Codec {
  const encode = (envelope: Envelope): Uint8Array => {
    const bytes = codec.encode(envelope);
    const known = packr.unpack(bytes.subarray(2)) as readonly unknown[];
    const longer = known.map((field) => (Array.isArray(field) ? field.map(withMore) : field));
    return Uint8Array.of(...bytes.subarray(0, 2), ...packr.pack(withMore(longer)));
  };
  return { ...codec, encode };
}

function withMore(fields: readonly unknown[]): readonly unknown[] {
  return [...fields, "more", ["than", "is", "known"]];
}

/** Messages that mean something else on the wire than they do to this version. */
function estranged(habits: {
  readonly written: (message: Message) => Message;
  readonly read: (message: Message) => Message;
}): Codec {
  return {
    ...codec,
    encode: (envelope) => codec.encode({ ...envelope, message: habits.written(envelope.message) }),
    decode: (bytes) => {
      const envelope = codec.decode(bytes);
      return { ...envelope, message: habits.read(envelope.message) };
    },
  };
}

const shiftMatch =
  (by: number) =>
  (message: Message): Message =>
    message.type === "appendResponse" && message.accepted
      ? { ...message, matchIndex: Math.max(0, message.matchIndex + by) }
      : message;

/** Another magic byte: what an incompatible format would look like. */
function foreign(): Codec {
  const mark = (bytes: Uint8Array, first: number): Uint8Array => Uint8Array.of(first, ...bytes.subarray(1));
  return {
    ...codec,
    encode: (envelope) => mark(codec.encode(envelope), 0x52),
    decode: (bytes) => codec.decode(bytes[0] === 0x52 ? mark(bytes, 0x51) : mark(bytes, 0)),
  };
}

async function firstFailure(later: Codec): Promise<SimulationFailure | undefined> {
  const builds: readonly Build[] = [presentBuild, { ...presentBuild, name: "later", codec: later }];
  for (let seed = 1; seed <= 20; seed++) {
    try {
      const faults = { upgrade: 40, crash: 20, isolate: 10 };
      await simulate({ seed, builds, faults, thinkMs: 50, shrinkRuns: 0, ...registers() });
    } catch (error) {
      if (error instanceof SimulationFailure) return error;
      throw error;
    }
  }
  return undefined;
}

test("a later version may add elements to messages: this one skips them", async () => {
  expect((await firstFailure(talkative()))?.message).toBeUndefined();
}, 60_000);

test.each([
  {
    what: "counts an acknowledgement from the next index",
    later: estranged({ written: shiftMatch(1), read: shiftMatch(-1) }),
    property: "durable commitment",
  },
  { what: "writes a format of its own", later: foreign(), property: "liveness" },
])(
  "a later version that $what is found",
  async ({ later, property }) => {
    const failure = await firstFailure(later);
    expect(failure?.property).toBe(property);
  },
  60_000,
);
