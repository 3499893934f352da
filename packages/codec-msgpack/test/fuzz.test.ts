// Twenty thousand damaged and random inputs per run, shrunk if one fails. A failure prints the seed and the smallest input that shows it.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { codeOf } from "@quorate/contracts";
import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { msgpackCodec } from "../src/index.ts";
import { goldenEnvelopes } from "./messages.ts";

const codec = msgpackCodec();
const valid = goldenEnvelopes.map(([, envelope]) => codec.encode(envelope));
const seed = Number(process.env["QUORATE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const damaged = fc
  .record({
    original: fc.constantFrom(...valid),
    edits: fc.array(fc.tuple(fc.nat(160), fc.nat(255)), { maxLength: 6 }),
    cutTo: fc.option(fc.nat(160), { freq: 4 }),
    appended: fc.uint8Array({ maxLength: 4 }),
  })
  .map(({ original, edits, cutTo, appended }) => {
    const bytes = Uint8Array.of(...original.subarray(0, cutTo ?? original.length), ...appended);
    for (const [position, value] of edits) bytes[position] = value;
    return bytes;
  });

/** MessagePack that is valid up to its meaning: lists of numbers, text, bytes and lists, well nested. */
const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.of(0x51, 1, 0xdc, 0, 9, ...bytes));

let collectGarbage: () => void;
beforeAll(() => {
  setFlagsFromString("--expose_gc");
  collectGarbage = runInNewContext("gc") as () => void;
});

/** Undefined, or what a decoder must not do. */
function misbehaviour(bytes: Uint8Array): string | undefined {
  try {
    const envelope = codec.decode(bytes);
    // What was accepted must mean the same when it is written again.
    expect(codec.decode(codec.encode(envelope))).toEqual(envelope);
    return undefined;
  } catch (error) {
    return codeOf(error) === "QUORATE_DECODE_FAILED" ? undefined : String(error);
  }
}

test.each([
  ["damaged messages", damaged],
  ["random bytes", random],
])(`refuses or understands 10,000 %s (seed ${seed}) and keeps no memory`, (_what, inputs) => {
  collectGarbage();
  const before = process.memoryUsage();
  fc.assert(
    fc.property(inputs, (bytes) => misbehaviour(bytes) === undefined),
    { seed, numRuns: 10_000 },
  );
  collectGarbage();
  const after = process.memoryUsage();
  expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(8 * 1024 * 1024);
});
