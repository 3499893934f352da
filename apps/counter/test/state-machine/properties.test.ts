// What holds for every history: snapshots are complete, machines agree, and simple maps predict every answer.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Command, CounterMachine, encodeCommand, type Result } from "../../src/index.ts";
import { MalformedBytes } from "../../src/state-machine/bytes.ts";
import { anyCommand, anyHistory } from "./commands.ts";

const tightLimits = { maxKeys: 2, maxBytes: 10_000 };

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
      const copy = restored(machine.snapshot());
      expect(copy.snapshot()).toEqual(machine.snapshot());
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
      const resumed = restored(first.snapshot());
      expect(resumed.apply(history.slice(at))).toEqual(expected);
      expect(resumed.stateHash()).toBe(whole.stateHash());
      expect(resumed.snapshot()).toEqual(whole.snapshot());
    }),
  );
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
      const before = machine.snapshot();
      expect(() => machine.restore(noise)).toThrow(MalformedBytes);
      expect(() => machine.restore(before.subarray(0, cut % before.length))).toThrow(MalformedBytes);
      expect(() => machine.restore(Uint8Array.of(...before, 0))).toThrow(MalformedBytes);
      expect(machine.snapshot()).toEqual(before);
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
