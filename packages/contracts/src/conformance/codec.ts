// The executable definition of a codec. An adapter's test passes its framework and a way to make the codec.

import type { Codec, Envelope } from "../codec.ts";
import { codeOf } from "../errors.ts";
import { findMalformed, randomEnvelope, sampleEnvelopes } from "./envelopes.ts";
import {
  assertEqual,
  assertThat,
  assertThrows,
  forEachSeed,
  type SeededRandom,
  type TestFramework,
} from "./harness.ts";

/** What the suite must know about a codec. */
export type CodecConformance = {
  /** Shown in the titles of the tests. */
  readonly name: string;
  /** Makes a fresh codec; called once per test. */
  readonly makeCodec: () => Codec;
  /** A codec with this limit in bytes, to prove that the limit holds; at least 4096. */
  readonly makeLimited: (maxBytes: number) => Codec;
  /** First seed of the random tests. Default 1. */
  readonly seed?: number;
  /** Random envelopes per random test. Default 300. */
  readonly runs?: number;
};

const refused = "QUORATE_DECODE_FAILED";

/**
 * Declares the tests that every `Codec` must pass.
 *
 * @example
 * codecConformance({ describe, test }, {
 *   name: "my codec",
 *   makeCodec: () => myCodec(),
 *   makeLimited: (maxBytes) => myCodec({ maxBytes }),
 * });
 */
export function codecConformance(framework: TestFramework, options: CodecConformance): void {
  framework.describe(`${options.name} keeps the laws of codecs`, () => {
    declareRoundTrips(framework, options);
    declareOwnership(framework, options);
    declareRefusals(framework, options);
    declareLimits(framework, options);
  });
}

function declareRoundTrips(framework: TestFramework, options: CodecConformance): void {
  const range = { seed: options.seed ?? 1, runs: options.runs ?? 300 };
  framework.test("has a name and a version of at least 1", () => {
    const codec = options.makeCodec();
    assertThat(codec.name.length > 0, "the codec's name is not empty");
    assertThat(Number.isSafeInteger(codec.version) && codec.version >= 1, "the version is a whole number from 1 on");
  });
  framework.test("gives back every kind of message as it was", () => {
    const codec = options.makeCodec();
    for (const envelope of sampleEnvelopes()) {
      assertEqual(codec.decode(codec.encode(envelope)), envelope, envelope.message.type);
    }
  });
  framework.test("gives back random messages as they were", async () => {
    const codec = options.makeCodec();
    await forEachSeed(range, (random) => {
      const envelope = randomEnvelope(random);
      assertEqual(codec.decode(codec.encode(envelope)), envelope, envelope.message.type);
    });
  });
  framework.test("judges its own samples well-formed", () => {
    for (const envelope of sampleEnvelopes()) assertEqual(findMalformed(envelope), undefined, envelope.message.type);
  });
}

function declareOwnership(framework: TestFramework, options: CodecConformance): void {
  framework.test("does not write again to bytes that it returned", () => {
    const codec = options.makeCodec();
    const results = sampleEnvelopes().map((envelope) => {
      const bytes = codec.encode(envelope);
      return { bytes, copy: bytes.slice() };
    });
    for (let round = 0; round < 50; round += 1) encodeAll(codec);
    for (const { bytes, copy } of results) assertEqual(bytes, copy, "bytes returned earlier");
  });
  framework.test("encodes the same list of entries correctly for every peer", () => {
    const codec = options.makeCodec();
    for (const to of ["n2", "n3", "n4"]) {
      const envelope = { ...appendEnvelope(), message: { ...appendEnvelope().message, to } };
      const entries = sharedEntries;
      const sent: Envelope = { ...envelope, message: { ...envelope.message, entries } };
      assertEqual(codec.decode(codec.encode(sent)), sent, `the message to ${to}`);
    }
  });
  framework.test("is not changed by a caller that overwrites the bytes it got", () => {
    const codec = options.makeCodec();
    const envelope = appendEnvelope();
    codec.encode(envelope).fill(0xff);
    assertEqual(codec.decode(codec.encode(envelope)), envelope, "the second encoding");
    assertEqual(envelope, appendEnvelope(), "the envelope that was encoded");
  });
  framework.test("leaves the input of decode as it was, and reads it the same way twice", () => {
    const codec = options.makeCodec();
    const bytes = codec.encode(appendEnvelope());
    const copy = bytes.slice();
    assertEqual(codec.decode(bytes), codec.decode(bytes), "the second decoding");
    assertEqual(bytes, copy, "the input");
  });
  framework.test("reads bytes that are a part of a larger buffer", () => {
    const codec = options.makeCodec();
    const bytes = codec.encode(appendEnvelope());
    const larger = new Uint8Array(bytes.length + 20).fill(0x5b);
    larger.set(bytes, 7);
    const view = larger.subarray(7, 7 + bytes.length);
    assertEqual(codec.decode(view), appendEnvelope(), "the message inside a larger buffer");
  });
  framework.test("returns the bytes of entries as plain Uint8Array", () => {
    const codec = options.makeCodec();
    const { message } = codec.decode(codec.encode(appendEnvelope()));
    assertThat(message.type === "appendRequest", "the message is an append request");
    for (const entry of message.entries) {
      assertThat(entry.data.constructor === Uint8Array, "entry data is a Uint8Array and not a subclass");
    }
  });
}

function declareRefusals(framework: TestFramework, options: CodecConformance): void {
  const range = { seed: options.seed ?? 1, runs: options.runs ?? 300 };
  framework.test("refuses no bytes at all", () => {
    assertThrows(() => options.makeCodec().decode(new Uint8Array(0)), refused, "decoding nothing");
  });
  framework.test("refuses every message that is cut off, at every byte", () => {
    const codec = options.makeCodec();
    for (const envelope of sampleEnvelopes()) {
      const bytes = codec.encode(envelope);
      for (let length = 0; length < bytes.length; length += 1) {
        const what = `${envelope.message.type} cut to ${length} of ${bytes.length} bytes`;
        assertThrows(() => codec.decode(bytes.subarray(0, length)), refused, what);
      }
    }
  });
  framework.test("refuses bytes after the end of a message", () => {
    const codec = options.makeCodec();
    for (const envelope of sampleEnvelopes()) {
      const bytes = codec.encode(envelope);
      for (const extra of [0x00, 0x91, 0xc0, 0xff]) {
        const longer = Uint8Array.of(...bytes, extra);
        assertThrows(() => codec.decode(longer), refused, `${envelope.message.type} with the byte ${extra} after it`);
      }
    }
  });
  framework.test("turns a message with one flipped bit into a refusal or into a well-formed message", () => {
    const codec = options.makeCodec();
    for (const envelope of sampleEnvelopes()) {
      const bytes = codec.encode(envelope);
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const flipped = bytes.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        assertRefusedOrWellFormed(codec, flipped, `${envelope.message.type} with bit ${bit} flipped`);
      }
    }
  });
  framework.test("refuses random bytes, or finds a well-formed message in them", async () => {
    const codec = options.makeCodec();
    await forEachSeed(range, (random) => {
      assertRefusedOrWellFormed(codec, random.bytes(random.integer(0, 200)), "random bytes");
      assertRefusedOrWellFormed(codec, mutate(random, codec.encode(randomEnvelope(random))), "a mutated message");
    });
  });
}

function declareLimits(framework: TestFramework, options: CodecConformance): void {
  framework.test("refuses a long run of any byte after any beginning, however deep it would nest", () => {
    const codec = options.makeCodec();
    const beginning = codec.encode(appendEnvelope());
    for (let kept = 0; kept <= 4; kept += 1) {
      for (let byte = 0; byte < 256; byte += 1) {
        const bytes = new Uint8Array(100_000).fill(byte);
        bytes.set(beginning.subarray(0, kept));
        assertThrows(() => codec.decode(bytes), refused, `${kept} valid bytes, then byte ${byte} without end`);
      }
    }
  });
  framework.test("refuses to encode or decode more than its limit", () => {
    const limited = options.makeLimited(4096);
    const small = withData(1024);
    assertEqual(limited.decode(limited.encode(small)), small, "a message below the limit");
    assertThrows(() => limited.encode(withData(4096)), "QUORATE_TOO_LARGE", "encoding over the limit");
    const large = options.makeCodec().encode(withData(4096));
    assertThrows(() => limited.decode(large), refused, "decoding over the limit");
  });
}

function assertRefusedOrWellFormed(codec: Codec, bytes: Uint8Array, what: string): void {
  let envelope: Envelope;
  try {
    envelope = codec.decode(bytes);
  } catch (error) {
    assertEqual(codeOf(error), refused, `the code of the error for ${what}`);
    return;
  }
  assertEqual(findMalformed(envelope), undefined, `what is malformed about ${what}`);
}

function encodeAll(codec: Codec): void {
  for (const envelope of sampleEnvelopes()) codec.encode(envelope);
}

function mutate(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const mutated = bytes.slice(0, random.chance(0.3) ? random.integer(0, bytes.length) : bytes.length);
  for (let count = random.integer(1, 8); count > 0; count -= 1) {
    mutated[random.integer(0, mutated.length)] = random.integer(0, 255);
  }
  return mutated;
}

type AppendEnvelope = Envelope & { readonly message: Extract<Envelope["message"], { type: "appendRequest" }> };

function appendEnvelope(): AppendEnvelope {
  return withData(40);
}

function withData(length: number): AppendEnvelope {
  const data = Uint8Array.from({ length }, (_value, index) => index % 251);
  const entries = [{ index: 10, term: 3, kind: "command", data }] as const;
  return {
    clusterId: "c-1",
    groupId: 0,
    incarnation: "i-1",
    message: {
      type: "appendRequest",
      from: "n1",
      to: "n2",
      term: 3,
      prevLogIndex: 9,
      prevLogTerm: 2,
      entries,
      leaderCommit: 9,
    },
  };
}

const sharedEntries = withData(64).message.entries;
