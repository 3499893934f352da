// What holds for every history: snapshots are complete, machines agree, and simple maps predict every answer.

import { snapshotBytes } from "@quorate/contracts";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Command, CounterMachine, encodeCommand, type Result } from "../../src/index.ts";
import { MalformedBytes } from "../../src/state-machine/bytes.ts";
import { ItemMap } from "../../src/state-machine/item-map.ts";
import type { AnswerItem, CounterItem } from "../../src/state-machine/items.ts";
import { encodeSnapshot } from "../../src/state-machine/snapshot.ts";
import { anyCommand, anyHistory } from "./commands.ts";

const tightLimits = { maxKeys: 2, maxBytes: 10_000 };

function bytesOf(machine: CounterMachine): Uint8Array {
  return snapshotBytes(machine.snapshot());
}

function restored(bytes: Uint8Array): CounterMachine {
  const machine = new CounterMachine(tightLimits);
  machine.restore(bytes);
  return machine;
}

test("a restored machine has the same snapshot and the same hash", () => {
  fc.assert(
    fc.property(anyHistory, (history) => {
      const machine = new CounterMachine(tightLimits);
      machine.apply(history);
      const copy = restored(bytesOf(machine));
      expect(bytesOf(copy)).toEqual(bytesOf(machine));
      expect(copy.stateHash()).toBe(machine.stateHash());
    }),
  );
});

test("a snapshot and the rest of the log are as good as the whole log, answers included", () => {
  fc.assert(
    fc.property(anyHistory, fc.nat(), (history, cut) => {
      const at = cut % (history.length + 1);
      const whole = new CounterMachine(tightLimits);
      const expected = whole.apply(history).slice(at);
      const first = new CounterMachine(tightLimits);
      first.apply(history.slice(0, at));
      const resumed = restored(bytesOf(first));
      expect(resumed.apply(history.slice(at))).toEqual(expected);
      expect(resumed.stateHash()).toBe(whole.stateHash());
      expect(bytesOf(resumed)).toEqual(bytesOf(whole));
    }),
  );
});

test("the pieces of a snapshot are those of the moment when it was begun, however late they are asked for", () => {
  fc.assert(
    fc.property(anyHistory, fc.nat(), (history, cut) => {
      const at = cut % (history.length + 1);
      const machine = new CounterMachine(tightLimits);
      machine.apply(history.slice(0, at));
      const asked = bytesOf(machine);
      const late = machine.snapshot();
      machine.apply(history.slice(at));
      expect(snapshotBytes(late)).toEqual(asked);
    }),
  );
});

test("a snapshot of version 1, which was sorted by name, is read", () => {
  const [header, items] = ["5152435301", "00000002 0000000161 3ff0000000000000 0000000162 4000000000000000"];
  const hex = `${header} ${items} 00000000 00000000`;
  const machine = restored(Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (pair) => Number.parseInt(pair, 16)));
  expect(machine.query({ type: "counter", name: "a" })).toEqual({ type: "counter", value: 1 });
  expect(machine.query({ type: "counter", name: "b" })).toEqual({ type: "counter", value: 2 });
});

test("a snapshot with a name twice, or with answers out of order, is refused", () => {
  const counter: CounterItem = { kind: "counter", name: "a", value: 1, digest: 0n, pendingAt: undefined };
  const answer: AnswerItem = {
    kind: "answer",
    key: "k",
    fingerprint: "f",
    index: 7,
    term: 1,
    result: { type: "counterAdded", value: 1 },
    digest: 0n,
    pendingAt: undefined,
  };
  const none = new ItemMap<never>(() => "").view();
  const bytesWith = (counters: readonly CounterItem[], answers: readonly AnswerItem[]) => {
    const view = { size: counters.length, [Symbol.iterator]: () => counters.values() };
    return snapshotBytes(encodeSnapshot({ counters: view, registers: none, answers }));
  };
  const restore = (bytes: Uint8Array) => () => restored(bytes);
  expect(restore(bytesWith([counter], [answer, { ...answer, key: "l", index: 8 }]))).not.toThrow();
  expect(restore(bytesWith([counter, counter], []))).toThrow(/a counter is there twice/);
  expect(restore(bytesWith([], [answer, { ...answer, index: 8 }]))).toThrow(/an? answer is there twice/);
  expect(restore(bytesWith([], [answer, { ...answer, key: "l" }]))).toThrow(/not in ascending order/);
});

test("the hash does not depend on how often it was asked for, or on how commands were batched", () => {
  fc.assert(
    fc.property(anyHistory, (history) => {
      const batched = new CounterMachine(tightLimits);
      batched.apply(history);
      const asked = new CounterMachine(tightLimits);
      for (const entry of history) {
        asked.apply([entry]);
        asked.stateHash();
      }
      expect(asked.stateHash()).toBe(batched.stateHash());
    }),
  );
});

test("different states have different hashes", () => {
  const machine = new CounterMachine();
  const hashes = new Set([machine.stateHash()]);
  const commands: readonly Command[] = [
    { type: "counterAdd", name: "a", by: 1 },
    { type: "counterAdd", name: "a", by: 1 },
    { type: "registerSet", key: "a", value: "2", precondition: { type: "none" } },
    { type: "registerSet", key: "a", value: "2", precondition: { type: "none" } },
  ];
  commands.forEach((command, i) => {
    machine.apply([{ index: i + 1, term: 1, data: encodeCommand(command) }]);
    hashes.add(machine.stateHash());
  });
  expect(hashes.size).toBe(5);
});

test("the hash of an emptied state is that of a new one", () => {
  const machine = new CounterMachine();
  const set = encodeCommand({ type: "registerSet", key: "a", value: "2", precondition: { type: "none" } });
  const remove = encodeCommand({ type: "registerDelete", key: "a", precondition: { type: "none" } });
  machine.apply([{ index: 1, term: 1, data: set }]);
  machine.stateHash();
  machine.apply([{ index: 2, term: 1, data: remove }]);
  expect(machine.stateHash()).toBe(new CounterMachine().stateHash());
});

test("random bytes and damaged snapshots are refused and leave the state as it was", () => {
  fc.assert(
    fc.property(anyHistory, fc.nat(), fc.uint8Array({ maxLength: 40 }), (history, cut, noise) => {
      const machine = new CounterMachine(tightLimits);
      machine.apply(history);
      const before = bytesOf(machine);
      expect(() => machine.restore(noise)).toThrow(MalformedBytes);
      expect(() => machine.restore(before.subarray(0, cut % before.length))).toThrow(MalformedBytes);
      expect(() => machine.restore(Uint8Array.of(...before, 0))).toThrow(MalformedBytes);
      expect(bytesOf(machine)).toEqual(before);
    }),
  );
});

test("simple maps predict every answer", () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
      const model = new Model();
      const machine = new CounterMachine();
      const entries = commands.map((command, i) => ({ index: i + 1, term: 1, data: encodeCommand(command) }));
      const expected = commands.map((command, i) => model.apply(command, i + 1));
      expect(machine.apply(entries)).toEqual(expected);
    }),
  );
});

/** The rules once more, in the most direct form. */
class Model {
  readonly counters = new Map<string, bigint>();
  readonly registers = new Map<string, { revision: number; value: string }>();

  apply(command: Command, index: number): Result {
    if (command.type === "counterAdd") {
      const old = this.counters.get(command.name) ?? 0n;
      const value = old + BigInt(command.by);
      if (value > 2n ** 53n - 1n || value < 1n - 2n ** 53n) return { type: "counterOutOfRange", value: Number(old) };
      this.counters.set(command.name, value);
      return { type: "counterAdded", value: Number(value) };
    }
    const register = this.registers.get(command.key);
    if (command.type === "registerCompareAndSet") {
      if (register?.value !== command.expected) return { type: "valueMismatch", current: register };
      return this.write(command.key, command.value, index);
    }
    if (command.type === "registerDelete" && register === undefined) return { type: "registerAbsent" };
    const { precondition } = command;
    const fails =
      (precondition.type === "absent" && register !== undefined) ||
      (precondition.type === "present" && register === undefined) ||
      (precondition.type === "revision" && register?.revision !== precondition.revision);
    if (fails) return { type: "revisionMismatch", revision: register?.revision };
    if (command.type === "registerSet") return this.write(command.key, command.value, index);
    this.registers.delete(command.key);
    return { type: "registerDeleted", revision: register?.revision ?? 0 };
  }

  write(key: string, value: string, index: number): Result {
    const created = !this.registers.has(key);
    this.registers.set(key, { revision: index, value });
    return { type: "registerWritten", revision: index, created };
  }
}
