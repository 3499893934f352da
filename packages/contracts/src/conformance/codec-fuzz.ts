// Hostile input for codecs in bulk: as many cases as there is time for, each from its own seed, so that one number repeats
// a failure. The suite runs a few hundred of them; a test with a memory bound around this runs a million.

import type { Codec } from "../codec.ts";
import { codeOf } from "../errors.ts";
import { findMalformed, sampleEnvelopes } from "./envelopes.ts";
import { SeededRandom } from "./harness.ts";

/** What to try. */
export type CodecFuzz = {
  readonly codec: Codec;
  /** Number of hostile inputs. */
  readonly runs: number;
  /** Seed of the first; the others follow. */
  readonly seed: number;
};

/** What came of it. */
export type CodecFuzzReport = {
  readonly refused: number;
  /** Inputs in which the codec found a message, which was well-formed. */
  readonly understood: number;
  /** The longest time that one input took, in ms. */
  readonly slowestMs: number;
};

/** Lengths and numbers at the edges of what formats can say. */
const edges: readonly number[] = [0x00, 0x01, 0x7f, 0x80, 0x81, 0xc0, 0xc1, 0xdc, 0xdd, 0xde, 0xdf, 0xfe, 0xff];

/**
 * Decodes hostile inputs: messages with changed, missing, doubled, foreign and extreme bytes, and noise.
 *
 * `nowMs` tells the time, for example `() => performance.now()`; by default nothing is timed.
 *
 * @throws Error naming the seed and the bytes, at the first input that is neither refused with `QUORATE_DECODE_FAILED`
 * nor understood as a well-formed message.
 */
export function fuzzCodec({ codec, runs, seed }: CodecFuzz, nowMs: () => number = () => 0): CodecFuzzReport {
  const valid = sampleEnvelopes().map((envelope) => codec.encode(envelope));
  let [refused, understood, slowestMs] = [0, 0, 0];
  for (let run = seed; run < seed + runs; run += 1) {
    const bytes = hostileInput(new SeededRandom(run), valid);
    const beganMs = nowMs();
    if (isUnderstood(codec, bytes, run)) understood += 1;
    else refused += 1;
    slowestMs = Math.max(slowestMs, nowMs() - beganMs);
  }
  return { refused, understood, slowestMs };
}

function isUnderstood(codec: Codec, bytes: Uint8Array, seed: number): boolean {
  let problem: string | undefined;
  try {
    problem = findMalformed(codec.decode(bytes));
  } catch (error) {
    if (codeOf(error) === "QUORATE_DECODE_FAILED") return false;
    problem = String(error);
  }
  if (problem === undefined) return true;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  throw new Error(`The input of seed ${seed} is neither refused nor a well-formed message: ${problem}\n${hex}`);
}

function hostileInput(random: SeededRandom, valid: readonly Uint8Array[]): Uint8Array {
  const pick = (): Uint8Array => valid[random.integer(0, valid.length - 1)] ?? new Uint8Array(0);
  const original = pick();
  const position = random.integer(0, original.length);
  switch (random.integer(0, 5)) {
    case 0: // a part is missing
      return joined(original.subarray(0, position), original.subarray(position + random.integer(0, 16)));
    case 1: // the end of another message
      return joined(original.subarray(0, position), pick().subarray(random.integer(0, position)));
    case 2: // a part comes twice
      return joined(original.subarray(0, position), original.subarray(random.integer(0, position)));
    case 3: // noise inside
      return joined(original.subarray(0, position), random.bytes(random.integer(1, 12)), original.subarray(position));
    case 4: // nothing but noise after a beginning
      return joined(original.subarray(0, random.integer(0, 4)), random.bytes(random.integer(0, 120)));
    default:
      return withChangedBytes(random, original);
  }
}

function withChangedBytes(random: SeededRandom, original: Uint8Array): Uint8Array {
  const bytes = original.slice();
  for (let count = random.integer(1, 5); count > 0; count -= 1) {
    const edge = edges[random.integer(0, edges.length - 1)] ?? 0;
    // Lengths are spread over several bytes: make all of them extreme.
    const width = random.integer(1, 5);
    const first = random.integer(0, bytes.length - 1);
    if (random.chance(0.5)) bytes.fill(edge, first, first + width);
    else bytes[first] = random.integer(0, 255);
  }
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
