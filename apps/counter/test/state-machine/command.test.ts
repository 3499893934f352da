// The bytes of commands: what is encoded comes back, and everything else is refused the same way everywhere.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCommand, encodeCommand } from "../../src/index.ts";
import { fingerprintOf } from "../../src/state-machine/command.ts";
import { anyRequest } from "./commands.ts";

test("decoding gives back what was encoded", () => {
  fc.assert(
    fc.property(anyRequest, ({ command, idempotencyKey }) => {
      expect(decodeCommand(encodeCommand(command, idempotencyKey))).toEqual({ command, idempotencyKey });
    }),
  );
});

test("the bytes of version 1 stay what they are", () => {
  const add = encodeCommand({ type: "counterAdd", name: "hits", by: -2 }, "key-1");
  expect(Buffer.from(add).toString("hex")).toBe("01056b65792d31010000000468697473c000000000000000");
  const set = encodeCommand({
    type: "registerSet",
    key: "é",
    value: '{"a":1}',
    precondition: { type: "revision", revision: 7 },
  });
  expect(Buffer.from(set).toString("hex")).toBe("01000200000002c3a903401c000000000000000000077b2261223a317d");
});

test("arbitrary bytes never throw, and whatever is accepted is in canonical form", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const decoded = decodeCommand(bytes);
      return (
        decoded === undefined || Buffer.compare(encodeCommand(decoded.command, decoded.idempotencyKey), bytes) === 0
      );
    }),
    { numRuns: 2000 },
  );
});

test("cutting or extending a command makes it undecodable", () => {
  fc.assert(
    fc.property(anyRequest, fc.nat(), ({ command, idempotencyKey }, cut) => {
      const bytes = encodeCommand(command, idempotencyKey);
      expect(decodeCommand(bytes.subarray(0, cut % bytes.length))).toBeUndefined();
      expect(decodeCommand(Uint8Array.of(...bytes, 0))).toBeUndefined();
    }),
  );
});

test("an unknown version is undecodable", () => {
  const bytes = encodeCommand({ type: "counterAdd", name: "a", by: 1 });
  bytes[0] = 2;
  expect(decodeCommand(bytes)).toBeUndefined();
});

test("the fingerprint covers the request and not the key", () => {
  const one = encodeCommand({ type: "counterAdd", name: "a", by: 1 }, "k1");
  const sameRequest = encodeCommand({ type: "counterAdd", name: "a", by: 1 }, "another");
  const otherRequest = encodeCommand({ type: "counterAdd", name: "a", by: 2 }, "k1");
  expect(fingerprintOf(sameRequest)).toBe(fingerprintOf(one));
  expect(fingerprintOf(otherRequest)).not.toBe(fingerprintOf(one));
});
