// The rules of counters, registers and idempotency keys, command by command.

import { beforeEach, expect, test } from "vitest";
import { type Command, CounterMachine, encodeCommand, type Result } from "../../src/index.ts";

let machine: CounterMachine;
let index: number;

beforeEach(() => {
  machine = new CounterMachine();
  index = 0;
});

function apply(command: Command, idempotencyKey?: string): Result | undefined {
  index += 1;
  return machine.apply([{ index, term: 3, data: encodeCommand(command, idempotencyKey) }])[0];
}

function add(name: string, by: number, idempotencyKey?: string): Result | undefined {
  return apply({ type: "counterAdd", name, by }, idempotencyKey);
}

test("an increment answers with the value after it", () => {
  expect(add("a", 5)).toEqual({ type: "counterAdded", value: 5 });
  expect(add("a", -7)).toEqual({ type: "counterAdded", value: -2 });
  expect(machine.query({ type: "counter", name: "a" })).toEqual({ type: "counter", value: -2 });
  expect(machine.query({ type: "counter", name: "b" })).toEqual({ type: "counter", value: undefined });
});

test.each([
  { start: Number.MAX_SAFE_INTEGER, by: 1 },
  { start: Number.MAX_SAFE_INTEGER, by: Number.MAX_SAFE_INTEGER },
  { start: Number.MIN_SAFE_INTEGER, by: -1 },
])("$start + $by is out of range and changes nothing", ({ start, by }) => {
  add("a", start);
  expect(add("a", by)).toEqual({ type: "counterOutOfRange", value: start });
  expect(machine.query({ type: "counter", name: "a" })).toEqual({ type: "counter", value: start });
});

test("a register is created, changed, and its revision is the index of the change", () => {
  const set = { type: "registerSet", key: "r", value: "1", precondition: { type: "none" } } as const;
  expect(apply(set)).toEqual({ type: "registerWritten", revision: 1, created: true });
  expect(apply(set)).toEqual({ type: "registerWritten", revision: 2, created: false });
  expect(machine.query({ type: "register", key: "r" })).toEqual({
    type: "register",
    register: { revision: 2, value: "1" },
  });
});

test("preconditions on a register that exists", () => {
  apply({ type: "registerSet", key: "r", value: "1", precondition: { type: "none" } });
  const set = { type: "registerSet", key: "r", value: "2" } as const;
  expect(apply({ ...set, precondition: { type: "absent" } })).toEqual({ type: "revisionMismatch", revision: 1 });
  expect(apply({ ...set, precondition: { type: "revision", revision: 9 } })).toEqual({
    type: "revisionMismatch",
    revision: 1,
  });
  expect(apply({ ...set, precondition: { type: "revision", revision: 1 } })).toMatchObject({ revision: 4 });
  expect(apply({ ...set, precondition: { type: "present" } })).toMatchObject({ revision: 5 });
});

test("preconditions on a register that does not exist", () => {
  const set = { type: "registerSet", key: "r", value: "2" } as const;
  const refused = { type: "revisionMismatch", revision: undefined };
  expect(apply({ ...set, precondition: { type: "present" } })).toEqual(refused);
  expect(apply({ ...set, precondition: { type: "revision", revision: 1 } })).toEqual(refused);
  expect(apply({ ...set, precondition: { type: "absent" } })).toMatchObject({ created: true });
});

test("compare-and-set writes only over the expected value", () => {
  const cas = { type: "registerCompareAndSet", key: "r" } as const;
  expect(apply({ ...cas, expected: "1", value: "2" })).toEqual({ type: "valueMismatch", current: undefined });
  expect(apply({ ...cas, expected: undefined, value: "1" })).toMatchObject({ created: true });
  expect(apply({ ...cas, expected: "2", value: "3" })).toEqual({
    type: "valueMismatch",
    current: { revision: 2, value: "1" },
  });
  expect(apply({ ...cas, expected: undefined, value: "3" })).toMatchObject({ type: "valueMismatch" });
  expect(apply({ ...cas, expected: "1", value: "3" })).toEqual({
    type: "registerWritten",
    revision: 5,
    created: false,
  });
});

test("deleting needs a register and its precondition, and a new one never repeats a revision", () => {
  const remove = { type: "registerDelete", key: "r" } as const;
  const none = { type: "none" } as const;
  expect(apply({ ...remove, precondition: none })).toEqual({ type: "registerAbsent" });
  expect(apply({ ...remove, precondition: { type: "revision", revision: 1 } })).toEqual({ type: "registerAbsent" });
  apply({ type: "registerSet", key: "r", value: "1", precondition: none });
  expect(apply({ ...remove, precondition: { type: "revision", revision: 1 } })).toEqual({
    type: "revisionMismatch",
    revision: 3,
  });
  expect(apply({ ...remove, precondition: { type: "revision", revision: 3 } })).toEqual({
    type: "registerDeleted",
    revision: 3,
  });
  expect(apply({ type: "registerSet", key: "r", value: "1", precondition: none })).toMatchObject({ revision: 6 });
});

test("counters and registers are separate spaces", () => {
  add("x", 1);
  expect(machine.query({ type: "register", key: "x" })).toEqual({ type: "register", register: undefined });
});

test("a repeated request gets the first answer and changes nothing", () => {
  add("a", 5, "key");
  add("a", 1);
  expect(add("a", 5, "key")).toEqual({
    type: "replayed",
    index: 1,
    term: 3,
    first: { type: "counterAdded", value: 5 },
  });
  expect(machine.query({ type: "counter", name: "a" })).toEqual({ type: "counter", value: 6 });
});

test("refusals are remembered too: the register that appeared since does not change the answer", () => {
  const remove = { type: "registerDelete", key: "r", precondition: { type: "none" } } as const;
  apply(remove, "key");
  apply({ type: "registerSet", key: "r", value: "1", precondition: { type: "none" } });
  expect(apply(remove, "key")).toMatchObject({ type: "replayed", first: { type: "registerAbsent" } });
});

test("the same key with another request is refused and changes nothing", () => {
  add("a", 5, "key");
  expect(add("a", 6, "key")).toEqual({ type: "keyReused", firstIndex: 1 });
  expect(add("b", 5, "key")).toEqual({ type: "keyReused", firstIndex: 1 });
  expect(machine.query({ type: "counter", name: "a" })).toEqual({ type: "counter", value: 5 });
});

test("the oldest keys leave first when there are too many", () => {
  machine = new CounterMachine({ maxKeys: 2, maxBytes: 1_000_000 });
  add("a", 1, "k1");
  add("a", 1, "k2");
  add("a", 1, "k3");
  expect(machine.size().idempotencyKeys).toBe(2);
  expect(add("a", 1, "k2")).toMatchObject({ type: "replayed" });
  expect(add("a", 1, "k1")).toEqual({ type: "counterAdded", value: 4 });
});

test("answers that carry large values are bounded by their size", () => {
  machine = new CounterMachine({ maxKeys: 100, maxBytes: 10_000 });
  const large = `"${"x".repeat(1000)}"`;
  apply({ type: "registerSet", key: "r", value: large, precondition: { type: "none" } });
  for (let i = 0; i < 20; i += 1) {
    apply({ type: "registerCompareAndSet", key: "r", expected: "0", value: "1" }, `k${i}`);
  }
  expect(machine.size().idempotencyKeys).toBe(4);
});

test("bytes that are no command change nothing and do not stop the machine", () => {
  const before = machine.stateHash();
  expect(machine.apply([{ index: 1, term: 1, data: Uint8Array.of(9, 9, 9) }])).toEqual([{ type: "undecodable" }]);
  expect(machine.stateHash()).toBe(before);
});

test("an answer is a copy: later commands do not change it", () => {
  apply({ type: "registerSet", key: "r", value: "1", precondition: { type: "none" } });
  const seen = machine.query({ type: "register", key: "r" });
  apply({ type: "registerSet", key: "r", value: "2", precondition: { type: "none" } });
  expect(seen).toEqual({ type: "register", register: { revision: 1, value: "1" } });
});
