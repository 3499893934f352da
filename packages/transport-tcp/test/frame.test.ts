// Frames on their own: what a header must say, and that it does not matter how the stream is cut.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Frame, frameBytes, type FrameLimits } from "../src/frame.ts";
import { FrameReader } from "../src/frame-reader.ts";

const limits: FrameLimits = { message: 100_000, ping: 0 };

function read(chunks: readonly Uint8Array[]): readonly Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader(limits, (frame) => frames.push(frame));
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return frames;
}

describe("a frame", () => {
  const payload = Uint8Array.of(1, 2, 3, 4, 5);
  const bytes = frameBytes("message", payload);

  test("has the recorded bytes", () => {
    expect(Buffer.from(bytes).toString("hex")).toBe("515246540104000000000005470b99f42f849e0d0102030405");
  });

  test("is read when cut at any byte", () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual([{ type: "message", payload }]);
    }
  });

  test("is not handed out before its last byte", () => {
    for (let cut = 0; cut < bytes.length; cut += 1) expect(read([bytes.subarray(0, cut)])).toEqual([]);
  });

  test("hands its payload over: later frames do not write to it", () => {
    const frames: Frame[] = [];
    const reader = new FrameReader(limits, (frame) => frames.push(frame));
    for (let round = 0; round < 3; round += 1) {
      const sent = frameBytes("message", new Uint8Array(50).fill(round));
      reader.push(Buffer.from(sent.subarray(0, 30)));
      reader.push(Buffer.from(sent.subarray(30)));
    }
    expect(frames.map((frame) => frame.payload[49])).toEqual([0, 1, 2]);
  });

  test("is refused if any of its bits is flipped", () => {
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Uint8Array.from(bytes, (byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(() => read([flipped]), `bit ${bit}`).toThrow(/Not a frame/);
    }
  });
});

describe("a header", () => {
  function header(changes: { readonly offset: number; readonly bytes: readonly number[] }): Uint8Array {
    const frame = frameBytes("message", new Uint8Array(8));
    frame.set(changes.bytes, changes.offset);
    return frame.subarray(0, 20);
  }

  /** The same with a header checksum that fits, as an attacker would write it. */
  async function forged(changes: { readonly offset: number; readonly bytes: readonly number[] }): Promise<Uint8Array> {
    const { crc32 } = await import("node:zlib");
    const bytes = Buffer.from(header(changes));
    bytes.writeUInt32BE(crc32(bytes.subarray(0, 16)), 16);
    return bytes;
  }

  test.each([
    ["a wrong magic", { offset: 0, bytes: [0x47, 0x45, 0x54] }, /does not begin with QRFT/],
    ["another version", { offset: 4, bytes: [2] }, /frame version 2, but this server speaks 1/],
    ["a wrong checksum", { offset: 16, bytes: [0, 0, 0, 0] }, /header's checksum/],
  ])("with %s is refused", (_what, changes, message) => {
    expect(() => read([header(changes)])).toThrow(message);
  });

  test.each([
    ["an unknown type", { offset: 5, bytes: [99] }, /type 99 is not expected/],
    ["a type that is not expected now", { offset: 5, bytes: [1] }, /type 1 is not expected/],
    ["reserved bytes", { offset: 6, bytes: [1] }, /reserved/],
    ["a payload over the limit", { offset: 8, bytes: [0, 1, 0x86, 0xa1] }, /declares 100001 bytes, at most 100000/],
    ["a payload of 2^31 bytes", { offset: 8, bytes: [0x80, 0, 0, 0] }, /declares 2147483648 bytes/],
    ["a payload of 2^32 - 1 bytes", { offset: 8, bytes: [0xff, 0xff, 0xff, 0xff] }, /declares 4294967295 bytes/],
  ])("with %s and a checksum that fits is refused", async (_what, changes, message) => {
    const bytes = await forged(changes);
    expect(() => read([bytes])).toThrow(message);
  });

  test("that declares the most that is allowed allocates only for what has arrived", async () => {
    const bytes = await forged({ offset: 8, bytes: [0, 1, 0x86, 0xa0] });
    const readers = Array.from({ length: 100 }, () => new FrameReader(limits, () => {}));
    const before = process.memoryUsage().arrayBuffers;
    for (const reader of readers) {
      reader.push(Buffer.from(bytes));
      reader.push(Buffer.of(1));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });
});

describe("a stream", () => {
  test("gives the same frames however it is cut", () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 });
    const cuts = fc.array(fc.nat(20_000), { maxLength: 30 });
    fc.assert(
      fc.property(payloads, cuts, (sent, positions) => {
        const stream = Buffer.concat(sent.map((payload) => frameBytes("message", payload)));
        const edges = [0, ...positions.map((at) => at % (stream.length + 1)).toSorted((a, b) => a - b), stream.length];
        const chunks = edges.slice(1).map((end, index) => stream.subarray(edges[index], end));
        expect(read(chunks).map((frame) => frame.payload)).toEqual(sent);
      }),
      { numRuns: 300 },
    );
  });
});
