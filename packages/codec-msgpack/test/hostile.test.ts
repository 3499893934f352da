// What an attacker or a broken peer may put on the wire: each forged input is refused with its reason and its place,
// and none of them costs more than its own length.

import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { msgpackCodec } from "../src/index.ts";
import { catchDecodeError, envelopeBytes, fieldsOf } from "./forge.ts";

const codec = msgpackCodec();

describe("structure", () => {
  test.each([
    ["a map", [0x80]],
    ["a map of 32-bit size", [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ["a one-byte extension", [0xd4, 0x72, 0x40]],
    ["the library's record definition", [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01]],
    ["a sized extension", [0xc7, 0x01, 0x72, 0x40]],
    ["a 64-bit unsigned integer", [0xcf, 0, 0, 0, 0, 0, 0, 0, 5]],
    ["a 64-bit signed integer", [0xd3, 0, 0, 0, 0, 0, 0, 0, 5]],
    ["the unused byte 0xc1", [0xc1]],
  ])("refuses %s inside the array", (_what, element) => {
    const error = catchDecodeError(codec, Uint8Array.of(0x51, 1, 0x91, ...element));
    expect(error.message).toMatch(/this format does not use/);
    expect(error.details["offset"]).toBe(3);
  });

  test.each([
    ["an array of 2^32 - 1 elements", [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ["an array of 2^31 elements", [0xdd, 0x80, 0, 0, 0]],
    ["an array of 65,535 elements", [0xdc, 0xff, 0xff]],
    ["text of 2^32 - 1 bytes", [0xdb, 0xff, 0xff, 0xff, 0xff]],
    ["bytes of 2^31 length", [0xc6, 0x80, 0, 0, 0]],
    ["bytes of 255 length", [0xc4, 0xff]],
  ])("refuses %s that are not there, without allocating for them", (_what, element) => {
    const bytes = Uint8Array.of(0x51, 1, 0x91, ...element);
    const before = process.memoryUsage();
    for (let round = 0; round < 100; round += 1) catchDecodeError(codec, bytes);
    const grown = process.memoryUsage().arrayBuffers - before.arrayBuffers;
    expect(catchDecodeError(codec, bytes).message).toMatch(/declares/);
    expect(grown).toBeLessThan(1024 * 1024);
  });

  test("refuses 100,000 nested arrays without running out of stack", () => {
    const bytes = new Uint8Array(100_002).fill(0x91);
    bytes.set([0x51, 1]);
    expect(catchDecodeError(codec, bytes).message).toMatch(/nested deeper than 8/);
  });

  test("says how many bytes follow the end", () => {
    const bytes = Uint8Array.of(...codec.encode(fieldsOf.heartbeat.envelope), 0xc0, 0xc0);
    expect(catchDecodeError(codec, bytes).message).toMatch(/2 bytes after its end/);
  });

  test("refuses text that is not UTF-8", () => {
    const bytes = Uint8Array.of(0x51, 1, 0x91, 0xa2, 0xc3, 0x28);
    expect(catchDecodeError(codec, bytes).message).toMatch(/not UTF-8/);
  });

  test("refuses text longer than any name", () => {
    const bytes = envelopeBytes(["x".repeat(1025)]);
    expect(catchDecodeError(codec, bytes).message).toMatch(/text of 1025 bytes/);
  });
});

describe("version", () => {
  test("says which version it was given and which it knows", () => {
    const bytes = codec.encode(fieldsOf.heartbeat.envelope);
    bytes[1] = 2;
    expect(catchDecodeError(codec, bytes).message).toMatch(/version 2, but only version 1/);
  });

  test("skips elements that a newer minor version puts after the known ones", () => {
    const { fields, envelope } = fieldsOf.heartbeat;
    expect(codec.decode(envelopeBytes([...fields, "new", [1, [2]], null]))).toEqual(envelope);
  });

  test("skips elements that a newer minor version puts after the known ones of an entry", () => {
    const { fields, envelope } = fieldsOf.append;
    const entries = fields.entries.map((entry) => [...entry, 1.5, "new"]);
    expect(codec.decode(envelopeBytes([...fields.before, entries]))).toEqual(envelope);
  });
});

describe("shape", () => {
  const { fields } = fieldsOf.heartbeat;
  test.each([
    ["a negative term", 6, -1, "term"],
    ["a fractional term", 6, 1.5, "term"],
    ["a term of 2^53", 6, 2 ** 53, "term"],
    ["a term that is not a number", 6, Number.NaN, "term"],
    ["a term as text", 6, "7", "term"],
    ["a message type nobody knows", 3, 99, "type"],
    ["a missing sender", 4, null, "from"],
    ["a sender as bytes", 4, Buffer.from("n1"), "from"],
    ["a group id as a list", 1, [0], "groupId"],
    ["a cluster id as a number", 0, 5, "clusterId"],
  ])("refuses %s and names the field", (_what, position, value, field) => {
    const error = catchDecodeError(codec, envelopeBytes(fields.with(position, value)));
    expect(error.details["field"]).toBe(field);
  });

  test("refuses minus zero", () => {
    const bytes = Uint8Array.of(0x51, 1, 0x92, 0xa1, 0x63, 0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0);
    expect(catchDecodeError(codec, bytes).details["field"]).toBe("groupId");
  });

  test("refuses a message without its last field", () => {
    expect(catchDecodeError(codec, envelopeBytes(fields.slice(0, -1))).message).toMatch(/round is missing/);
  });

  test("refuses a granted vote that carries a reason for refusal", () => {
    const error = catchDecodeError(codec, envelopeBytes(["c", 0, "i", 4, "n1", "n2", 7, true, 1]));
    expect(error.message).toMatch(/granted vote/);
  });

  test("refuses a reason that nobody knows", () => {
    const error = catchDecodeError(codec, envelopeBytes(["c", 0, "i", 4, "n1", "n2", 7, false, 9]));
    expect(error.details["field"]).toBe("reason");
  });
});

describe("entries", () => {
  const { before, entries } = fieldsOf.append.fields;
  const [first = [], second = []] = entries;
  test.each([
    ["a gap in the indexes", [first, second.with(0, 44)], /index 44 where 43 must follow/],
    ["an index twice", [first, second.with(0, 42)], /index 42 where 43 must follow/],
    ["entries that do not follow prevLogIndex", [second], /index 43 where 42 must follow/],
    ["a decreasing term", [first, second.with(1, 5)], /term 5 after term 6/],
    ["a term below prevLogTerm", [first.with(1, 5)], /term 5 after term 6/],
    ["an unknown kind", [first.with(2, 3)], /kind is 3/],
    ["data that is text", [first.with(3, "abc")], /data is not bytes/],
    ["data on an empty entry", [first.with(2, 0)], /empty entry that carries 3 bytes/],
    ["an entry that is a number", [5], /not an array/],
    ["a list that is a number", 5, /entries is not an array/],
  ])("refuses %s", (_what, list, message) => {
    expect(catchDecodeError(codec, envelopeBytes([...before, list])).message).toMatch(message);
  });
});

describe("size", () => {
  test("refuses a limit that no message fits into", () => {
    expect(() => msgpackCodec({ maxBytes: 10 })).toThrow(/maxBytes must be a whole number of at least 1024, not 10/);
  });

  test("refuses to write a name that could not be read back", () => {
    const { envelope } = fieldsOf.heartbeat;
    expect(() => codec.encode({ ...envelope, clusterId: "x".repeat(257) })).toThrow(/clusterId cannot be written/);
    expect(() => codec.encode({ ...envelope, incarnation: "\ud800" })).toThrow(/incarnation cannot be written/);
  });

  test("encodes the same list of entries once, whoever it goes to", () => {
    const { envelope } = fieldsOf.append;
    let reads = 0;
    const data = Uint8Array.of(1);
    const entry = Object.defineProperty({ index: 42, term: 6, kind: "command" as const, data }, "data", {
      get: () => {
        reads += 1;
        return data;
      },
    });
    const message = { ...envelope.message, entries: [entry] };
    codec.encode({ ...envelope, message: { ...message, to: "n2" } });
    const readsOnce = reads;
    expect(readsOnce).toBeGreaterThan(0);
    for (const to of ["n3", "n4"]) codec.encode({ ...envelope, message: { ...message, to } });
    expect(reads).toBe(readsOnce);
  });

  test("writes entries as the library does, whatever length their numbers and bytes have", () => {
    const packr = new Packr({ useRecords: false });
    for (const [index, term, length] of entrySizes) {
      const entries = Array.from({ length: 17 }, (_, at) => ({
        index: index + at,
        term,
        kind: "command" as const,
        data: new Uint8Array(length).fill(at),
      }));
      const message = { ...fieldsOf.append.envelope.message, entries };
      const bytes = codec.encode({ ...fieldsOf.append.envelope, message });
      const expected = packr.pack(entries.map((entry) => [entry.index, entry.term, 1, entry.data]));
      expect(bytes.subarray(-expected.length)).toEqual(new Uint8Array(expected));
    }
  });

  test("needs nothing but plain MessagePack to be read by others", () => {
    const bytes = codec.encode(fieldsOf.heartbeat.envelope);
    expect(new Packr({ useRecords: false }).unpack(bytes.subarray(2))).toEqual(fieldsOf.heartbeat.fields);
  });
});

/** Index, term and bytes of data on both sides of every bound of the format. */
const entrySizes = [
  [1, 1, 0],
  [111, 127, 255],
  [112, 128, 256],
  [239, 255, 65_535],
  [240, 256, 65_536],
  [65_519, 65_535, 1],
  [65_520, 65_536, 1],
  [2 ** 32 - 17, 2 ** 32 - 1, 1],
  [2 ** 32 - 16, 1, 1],
  [2 ** 32, 2 ** 32, 1],
] as const;
