// The bytes of envelopes and answers: golden, because logs keep them, and refused alike everywhere when they are damaged.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeEnvelope,
  decodeSessionAnswer,
  encodeClose,
  encodeKeepAlive,
  encodeOpen,
  encodePlain,
  encodeSessionAnswer,
  encodeSessionCommand,
  type SessionAnswer,
  type SessionRefusal,
  sessionError,
} from "../../src/sessions/index.ts";
import { hex, unhex } from "./tally.ts";

const number = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc
    .maxSafeInteger()
    .map(Math.abs)
    .filter((n) => n > 0),
);
const command = fc.uint8Array({ maxLength: 20 });

describe("envelopes", () => {
  test("version 1 has these bytes", () => {
    const sent = { session: 300, sequence: 5, acknowledgedBelow: 3, command: Uint8Array.of(0xaa, 0xbb) };
    expect(hex(encodeOpen())).toBe("c111");
    expect(hex(encodeSessionCommand(sent))).toBe("c112ac020503aabb");
    expect(hex(encodeKeepAlive({ session: 300, acknowledgedBelow: 6 }))).toBe("c113ac0206");
    expect(hex(encodeClose(300))).toBe("c114ac02");
    expect(hex(encodePlain(Uint8Array.of(0xc1, 1)))).toBe("c110c101");
  });

  test("a plain command is its own envelope, without a copy, unless it could be taken for another", () => {
    const plain = Uint8Array.of(1, 2, 3);
    expect(encodePlain(plain)).toBe(plain);
    expect(decodeEnvelope(plain)).toEqual({ type: "plain", command: plain });
    const likeAnother = encodeOpen();
    expect(decodeEnvelope(encodePlain(likeAnother))).toEqual({ type: "plain", command: likeAnother });
    expect(decodeEnvelope(encodePlain(new Uint8Array()))).toEqual({ type: "plain", command: new Uint8Array() });
  });

  test("what is encoded is decoded again, up to the largest numbers", () => {
    fc.assert(
      fc.property(number, number, number, command, (session, one, other, data) => {
        const [acknowledgedBelow = 1, sequence = 1] = [one, other].toSorted((a, b) => a - b);
        const sent = { session, sequence, acknowledgedBelow, command: data };
        expect(decodeEnvelope(encodeSessionCommand(sent))).toEqual({ type: "command", ...sent });
        const alive = { session, acknowledgedBelow };
        expect(decodeEnvelope(encodeKeepAlive(alive))).toEqual({ type: "keepAlive", ...alive });
        expect(decodeEnvelope(encodeClose(session))).toEqual({ type: "close", session });
      }),
    );
  });

  test("numbers that cannot be are refused before they reach the log", () => {
    const good = { session: 1, sequence: 2, acknowledgedBelow: 1, command: new Uint8Array() };
    for (const wrong of [{ session: 0 }, { sequence: 1.5 }, { session: 2 ** 53 }, { acknowledgedBelow: 3 }]) {
      expect(() => encodeSessionCommand({ ...good, ...wrong })).toThrow(RangeError);
    }
  });

  test.each([
    ["nothing behind the mark", "c1"],
    ["an unknown kind", "c11f"],
    ["another version", "c122ac020503aa"],
    ["a number that ends too early", "c114ac"],
    ["a number that is longer than it need be", "c114ac8000"],
    ["a number beyond 2^53−1", "c114ffffffffffffff7f"],
    ["a number without end", "c114ffffffffffffffffff01"],
    ["session 0", "c11400"],
    ["sequence number 0", "c112010000"],
    ["more acknowledged than sent", "c112010203"],
    ["bytes behind a close", "c1140100"],
    ["bytes behind an open", "c11100"],
    ["a wrapped plain command that needs no wrapping", "c11001"],
  ])("%s is no envelope", (_, wrong) => {
    expect(decodeEnvelope(unhex(wrong))).toBeUndefined();
  });

  test("whatever decodes is what the encoders write, byte for byte", () => {
    const tail = fc.uint8Array({ maxLength: 12 }).map((bytes) => Uint8Array.of(0xc1, ...bytes));
    const likely = fc
      .tuple(fc.integer({ min: 0x10, max: 0x15 }), fc.array(fc.integer({ min: 0, max: 0x81 }), { maxLength: 9 }))
      .map(([kind, rest]) => Uint8Array.of(0xc1, kind, ...rest));
    fc.assert(
      fc.property(fc.oneof(tail, likely), (data) => {
        const envelope = decodeEnvelope(data);
        if (envelope === undefined) return;
        const again = {
          plain: () => encodePlain(envelope.type === "plain" ? envelope.command : data),
          open: encodeOpen,
          command: () => encodeSessionCommand(envelope as Parameters<typeof encodeSessionCommand>[0]),
          keepAlive: () => encodeKeepAlive(envelope as Parameters<typeof encodeKeepAlive>[0]),
          close: () => encodeClose(envelope.type === "close" ? envelope.session : 0),
        }[envelope.type]();
        expect(hex(again)).toBe(hex(data));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("answers", () => {
  const reasons: readonly SessionRefusal[] = ["unknownSession", "answerDiscarded", "outOfWindow", "malformed"];
  const answered = { type: "answered", answer: Uint8Array.of(0xaa), index: 300, term: 2 } as const;
  const all: readonly (readonly [string, SessionAnswer])[] = [
    ["11ac02", { type: "opened", session: 300 }],
    ["12ac0202aa", { ...answered, replayed: false }],
    ["13ac0202aa", { ...answered, replayed: true }],
    ["14", { type: "keptAlive" }],
    ["15", { type: "closed" }],
    ...reasons.map((reason, at) => [`160${at}`, { type: "refused", reason }] as const),
  ];

  test.each(all)("version 1 has the bytes %s", (golden, answer) => {
    expect(hex(encodeSessionAnswer(answer))).toBe(golden);
    expect(decodeSessionAnswer(unhex(golden))).toEqual(answer);
  });

  test.each(["", "1f", "21ac02", "1100", "11ac0200", "1400", "1604", "16"])("%s is no answer", (wrong) => {
    expect(decodeSessionAnswer(unhex(wrong))).toBeUndefined();
  });

  test("every refusal is an error with a code of its own and a remedy", () => {
    const errors = reasons.map(sessionError);
    expect(new Set(errors.map(({ code }) => code)).size).toBe(reasons.length);
    expect(errors.filter(({ retryable }) => retryable).map(({ code }) => code)).toEqual(["QUORATE_SESSION_WINDOW"]);
    for (const { hint } of errors) expect(hint).not.toBe("");
  });
});
