// What a session promises, one claim a test.
import { describe, expect, test } from "vitest";
import {
  encodeClose,
  encodeKeepAlive,
  encodeOpen,
  encodeSessionCommand,
  type SessionCommand,
  type SessionLimits,
  withSessions,
} from "../../src/sessions/index.ts";
import { bytes, bytesOf, hex, Log, Tally, tallyWithSessions, unhex } from "./tally.ts";

const send = (command: string, numbers: Partial<SessionCommand> = {}) =>
  encodeSessionCommand({ session: 1, sequence: 1, acknowledgedBelow: 1, ...numbers, command: bytes(command) });

function openLog(limits?: Partial<SessionLimits>): Log {
  const log = new Log(limits);
  log.apply(encodeOpen());
  return log;
}

const applied = (log: Log) => log.machine.query("all");

describe("once", () => {
  test("a session is named by the index of the entry that opened it", () => {
    const log = new Log();
    log.pass(6);
    expect(log.apply(encodeOpen())).toEqual({ type: "opened", session: 7 });
    expect(log.apply(encodeOpen())).toEqual({ type: "opened", session: 8 });
  });

  test("P74 a command that is sent again takes effect once and gets the first answer, byte for byte", () => {
    const log = openLog();
    const first = log.apply(send("add"), 3);
    log.pass(3);
    const again = log.apply(send("add"), 4);
    expect(first).toMatchObject({ type: "answered", replayed: false, index: 2, term: 3 });
    expect(again).toEqual({ ...first, replayed: true });
    expect(applied(log).filter((command) => command === "add")).toHaveLength(1);
  });

  test("the same number in another session is another command", () => {
    const log = openLog();
    log.apply(encodeOpen());
    log.apply(send("one"));
    log.apply(send("two", { session: 2 }));
    expect(applied(log)).toEqual(["one", "two"]);
  });

  test("plain commands go to the machine as they are, and take effect as often as they are sent", () => {
    const log = openLog();
    expect(log.apply(bytes("plain"))).toEqual({ type: "plain", result: "plain is number 1" });
    log.apply(bytes("plain"));
    expect(applied(log)).toEqual(["plain", "plain"]);
  });

  test("an entry that nobody could have written is refused and changes nothing", () => {
    const log = openLog();
    expect(log.apply(Uint8Array.of(0xc1, 0x12, 0))).toEqual({ type: "refused", reason: "malformed" });
    expect(applied(log)).toEqual([]);
  });
});

describe("several at once", () => {
  test("commands may arrive in any order within the window", () => {
    const log = openLog();
    for (const sequence of [3, 1, 2]) log.apply(send(`number ${sequence}`, { sequence }));
    expect(applied(log)).toEqual(["number 3", "number 1", "number 2"]);
    expect(log.apply(send("number 2", { sequence: 2 }))).toMatchObject({ replayed: true, index: 4 });
  });

  test("a command too far ahead of the oldest unacknowledged one is refused, and may be sent again later", () => {
    const log = openLog({ maxInFlight: 4 });
    expect(log.apply(send("far", { sequence: 5 }))).toEqual({ type: "refused", reason: "outOfWindow" });
    expect(log.apply(send("near", { sequence: 4 }))).toMatchObject({ type: "answered" });
    expect(log.apply(send("far", { sequence: 5, acknowledgedBelow: 2 }))).toMatchObject({ type: "answered" });
    expect(applied(log)).toEqual(["near", "far"]);
  });

  test("a command below the acknowledged mark is refused, whether it ever took effect or not", () => {
    const log = openLog();
    log.apply(send("one", { sequence: 1 }));
    log.apply(send("three", { sequence: 3, acknowledgedBelow: 3 }));
    for (const sequence of [1, 2]) {
      expect(log.apply(send("late", { sequence }))).toEqual({ type: "refused", reason: "answerDiscarded" });
    }
    expect(applied(log)).toEqual(["one", "three"]);
  });

  test("an older entry that says less than is known does not bring answers back", () => {
    const log = openLog();
    log.apply(send("five", { sequence: 5, acknowledgedBelow: 5 }));
    log.apply(send("six", { sequence: 6, acknowledgedBelow: 1 }));
    expect(log.apply(send("four", { sequence: 4 }))).toEqual({ type: "refused", reason: "answerDiscarded" });
  });
});

describe("the end of a session", () => {
  const unknown = { type: "refused", reason: "unknownSession" };

  test("a command of a session that was never opened, or was closed, is refused and never applied", () => {
    const log = openLog();
    expect(log.apply(send("stray", { session: 9 }))).toEqual(unknown);
    log.apply(send("one"));
    expect(log.apply(encodeClose(1))).toEqual({ type: "closed" });
    expect(log.apply(send("one"))).toEqual(unknown);
    expect(log.apply(encodeClose(1))).toEqual(unknown);
    expect(log.apply(encodeKeepAlive({ session: 1, acknowledgedBelow: 1 }))).toEqual(unknown);
    expect(applied(log)).toEqual(["one"]);
    expect(log.machine.sessions()).toEqual({ count: 0, answerBytes: 0 });
  });

  test("a session expires when more entries than allowed have passed since its last use, not one earlier", () => {
    const log = openLog({ expireAfterEntries: 10 });
    log.pass(9);
    expect(log.apply(send("in time")), "10 entries later").toMatchObject({ type: "answered" });
    log.pass(10);
    expect(log.apply(send("in time")), "11 entries later").toEqual(unknown);
    expect(log.machine.sessions().count).toBe(0);
  });

  test("expired sessions free their memory although only plain commands come", () => {
    const log = openLog({ expireAfterEntries: 10 });
    log.pass(11);
    expect(log.machine.sessions().count).toBe(0);
  });

  test("entries that the machine does not see count too: time is the log's index", () => {
    const log = openLog({ expireAfterEntries: 10 });
    log.index += 10;
    expect(log.apply(send("late"))).toEqual(unknown);
  });

  test("keep-alives, repetitions and refused commands count as use", () => {
    const log = openLog({ expireAfterEntries: 10, maxInFlight: 2 });
    const uses = [
      encodeKeepAlive({ session: 1, acknowledgedBelow: 1 }),
      send("a"),
      send("a"),
      send("z", { sequence: 9 }),
    ];
    for (const use of uses) {
      log.pass(9);
      expect(log.apply(use)).not.toEqual(unknown);
    }
  });

  test("one session too many ends the one that was least recently used", () => {
    const log = new Log({ maxSessions: 3 });
    for (let opened = 0; opened < 3; opened += 1) log.apply(encodeOpen());
    log.apply(encodeKeepAlive({ session: 1, acknowledgedBelow: 1 }));
    log.apply(encodeOpen());
    expect(log.machine.sessions().count).toBe(3);
    expect(log.apply(send("used", { session: 1 }))).toMatchObject({ type: "answered" });
    expect(log.apply(send("least used", { session: 2 }))).toEqual(unknown);
  });
});

describe("memory", () => {
  test("acknowledged answers are forgotten, by commands and by keep-alives", () => {
    const log = openLog();
    for (let sequence = 1; sequence <= 4; sequence += 1) log.apply(send("x", { sequence }));
    const four = log.machine.sessions().answerBytes;
    log.apply(encodeKeepAlive({ session: 1, acknowledgedBelow: 4 }));
    expect(log.machine.sessions().answerBytes).toBe(four / 4);
    log.apply(encodeKeepAlive({ session: 1, acknowledgedBelow: 5 }));
    expect(log.machine.sessions().answerBytes).toBe(0);
  });

  test("an answer over the bound reaches the first caller only; its command is never applied again", () => {
    const log = openLog({ maxAnswerBytes: 20 });
    const long = "long".repeat(10);
    expect(log.apply(send(long))).toMatchObject({ type: "answered", replayed: false });
    expect(log.apply(send(long))).toEqual({ type: "refused", reason: "answerDiscarded" });
    expect(applied(log)).toEqual([long]);
    expect(log.machine.sessions().answerBytes).toBe(0);
  });

  test("over the total bound the oldest answers are dropped; no session ends, and no command is applied again", () => {
    const log = new Log({ maxTotalAnswerBytes: 64 });
    for (let session = 1; session <= 4; session += 1) log.apply(encodeOpen());
    for (const session of [3, 1, 2]) {
      log.apply(send("a command of 14", { session }));
      expect(log.machine.sessions().answerBytes).toBeLessThanOrEqual(64);
    }
    // The order of use is another one than that of the answers now.
    log.apply(encodeKeepAlive({ session: 1, acknowledgedBelow: 1 }));
    const restored = new Log({ maxTotalAnswerBytes: 64 });
    restored.machine.restore(bytesOf(log.machine));
    restored.index = log.index;
    for (const { apply, machine } of [log, restored].map((each) => ({
      apply: each.apply.bind(each),
      machine: each.machine,
    }))) {
      expect(apply(send("a command of 14", { session: 3 }))).toEqual({ type: "refused", reason: "answerDiscarded" });
      expect(apply(send("a command of 14", { session: 1 }))).toMatchObject({ replayed: true });
      apply(send("one more that takes space", { session: 4 }));
      expect(apply(send("a command of 14", { session: 1 }))).toEqual({ type: "refused", reason: "answerDiscarded" });
      expect(apply(send("a command of 14", { session: 2 }))).toMatchObject({ replayed: true });
      expect(machine.query("all")).toHaveLength(4);
    }
  });

  test("a million uses leave no trace but the last one of each session", () => {
    const log = new Log({ maxSessions: 2 });
    log.apply(encodeOpen());
    log.apply(encodeOpen());
    for (let use = 0; use < 100_000; use += 1) {
      log.apply(encodeKeepAlive({ session: 1 + (use % 2), acknowledgedBelow: 1 }));
    }
    expect(bytesOf(log.machine).byteLength).toBeLessThan(40);
  });

  test.each([
    [{ maxSessions: 0 }, /maxSessions is 0/],
    [{ expireAfterEntries: 1.5 }, /expireAfterEntries is 1.5/],
  ])("bounds that cannot work are refused: %o", (limits, message) => {
    expect(() => tallyWithSessions(limits)).toThrow(expect.objectContaining({ code: "QUORATE_CONFIG_INVALID" }));
    expect(() => tallyWithSessions(limits)).toThrow(message);
  });
});

describe("snapshots", () => {
  test("version 1 has these bytes", () => {
    const log = openLog({ maxAnswerBytes: 20 });
    log.apply(send("a"), 2);
    log.apply(send("b".repeat(20), { sequence: 2 }), 2);
    const session = "01 03 01 02";
    const answers = ["01 02 02 0e", textHex("a is number 1"), "02 03 02 00"];
    const machine = textHex(`a\n${"b".repeat(20)}`);
    const golden = ["c1 51 52 53 45 53 53 01 01", session, ...answers, machine].join(" ");
    expect(bytesOf(log.machine)).toEqual(unhex(golden));
  });

  test("a restored machine knows which commands took effect, and what they were answered", () => {
    const log = openLog();
    const first = log.apply(send("one"));
    const restored = new Log();
    restored.machine.restore(bytesOf(log.machine));
    restored.index = log.index;
    expect(bytesOf(restored.machine)).toEqual(bytesOf(log.machine));
    expect(restored.apply(send("one"))).toEqual({ ...first, replayed: true });
    expect(applied(restored)).toEqual(["one"]);
  });

  test("a snapshot from before sessions came into use is one without sessions", () => {
    const before = new Tally();
    before.apply([{ index: 1, term: 1, data: bytes("old") }]);
    const machine = tallyWithSessions();
    machine.restore(before.snapshot());
    expect(machine.query("all")).toEqual(["old"]);
    expect(machine.sessions().count).toBe(0);
  });

  test.each([
    ["another version", "c151525345535302"],
    ["sessions that are missing", "c15152534553530101"],
    ["a use before the session was opened", "c15152534553530101 05040100"],
    ["sessions in the wrong order of use", "c15152534553530102 01050100 02040100"],
    ["a session twice", "c15152534553530102 01040100 01050100"],
    ["an answer below the acknowledged mark", "c15152534553530101 01040201 01020100"],
    ["answers out of order", "c15152534553530101 01040102 02020100 01030100"],
    ["an answer from before the session", "c15152534553530101 03040101 01030100"],
    ["an answer from after the last use", "c15152534553530101 01040101 01050100"],
    ["an answer that is cut off", "c15152534553530101 01040101 01020105aa"],
  ])("%s is refused, and machine and table stay as they were", (_, wrong) => {
    const log = openLog();
    log.apply(send("one"));
    const before = bytesOf(log.machine);
    const corrupt = expect.objectContaining({ code: "QUORATE_SNAPSHOT_CORRUPT" });
    expect(() => log.machine.restore(unhex(wrong))).toThrow(corrupt);
    expect(bytesOf(log.machine)).toEqual(before);
  });
});

test("a machine that forgets a result stops the node instead of shifting the others' results", () => {
  const forgetful = { apply: () => [], query: () => 0, snapshot: () => new Uint8Array(), restore: () => {} };
  const machine = withSessions(forgetful, { encodeResult: () => new Uint8Array() });
  expect(() => machine.apply([{ index: 1, term: 1, data: bytes("x") }])).toThrow(/answered 1 commands with 0 results/);
});

function textHex(value: string): string {
  return hex(bytes(value));
}
