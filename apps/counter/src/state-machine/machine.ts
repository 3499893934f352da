// The replicated state machine of the service: counters, registers and first answers, changed only by committed commands.

import type { CommittedCommand, StateMachine } from "@quorate/contracts";
import { type AnswerTableLimits, AnswerTable, defaultAnswerTableLimits } from "./answer-table.ts";
import {
  type Command,
  type CounterAdd,
  decodeCommand,
  fingerprintOf,
  type Precondition,
  type RegisterCompareAndSet,
  type RegisterDelete,
  type RegisterSet,
} from "./command.ts";
import { ItemMap } from "./item-map.ts";
import type { CounterItem, RegisterItem } from "./items.ts";
import type { CanonicalJson } from "./json-value.ts";
import type { Answer, CommandResult, Query, RegisterState, Result } from "./result.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot.ts";
import { StateHash } from "./state-hash.ts";

/** Told what a command has changed, in the terms of a query; undefined if it may be anything. */
export type OnChange = (changed: Query | undefined) => void;

/** The state machine of the service; its state depends on nothing but the commands it was given. */
export class CounterMachine implements StateMachine<Query, Answer, Result> {
  readonly #limits: AnswerTableLimits;
  readonly #onChange: OnChange;
  #counters = newCounters();
  #registers = newRegisters();
  #hash = new StateHash();
  #answers: AnswerTable;

  constructor(limits: AnswerTableLimits = defaultAnswerTableLimits, onChange: OnChange = () => {}) {
    this.#limits = limits;
    this.#onChange = onChange;
    this.#answers = new AnswerTable(limits, this.#hash);
  }

  apply(batch: readonly CommittedCommand[]): readonly Result[] {
    return batch.map((committed) => this.#applyOne(committed));
  }

  query(query: Query): Answer {
    switch (query.type) {
      case "counter":
        return { type: "counter", value: this.#counters.get(query.name)?.value };
      case "register":
        return { type: "register", register: stateOf(this.#registers.get(query.key)) };
    }
  }

  snapshot(): Iterable<Uint8Array> {
    // Views of this moment; the bytes are made while commands go on.
    const answers = this.#answers.values();
    return encodeSnapshot({ counters: this.#counters.view(), registers: this.#registers.view(), answers });
  }

  restore(snapshot: Uint8Array): void {
    // Read completely before anything is replaced: bytes that are not a snapshot leave the state as it was.
    const content = decodeSnapshot(snapshot);
    this.#hash = new StateHash();
    this.#counters = newCounters();
    this.#registers = newRegisters();
    this.#answers = new AnswerTable(this.#limits, this.#hash);
    for (const counter of content.counters) {
      this.#counters.set(counter);
      this.#hash.put(counter);
    }
    for (const register of content.registers) {
      this.#registers.set(register);
      this.#hash.put(register);
    }
    for (const answer of content.answers) this.#answers.add(answer);
    this.#onChange(undefined);
  }

  /** 32 hexadecimal digits that are equal on servers with equal states. */
  stateHash(): string {
    return this.#hash.hex();
  }

  /** How much the state holds, for people and metrics. */
  size(): { readonly counters: number; readonly registers: number; readonly idempotencyKeys: number } {
    return {
      counters: this.#counters.size,
      registers: this.#registers.size,
      idempotencyKeys: this.#answers.size,
    };
  }

  #applyOne(committed: CommittedCommand): Result {
    const decoded = decodeCommand(committed.data);
    if (decoded === undefined) return { type: "undecodable" };
    const key = decoded.idempotencyKey;
    if (key === undefined) return this.#execute(decoded.command, committed.index);

    const fingerprint = fingerprintOf(committed.data);
    const known = this.#answers.get(key);
    if (known !== undefined) {
      if (known.fingerprint !== fingerprint) return { type: "keyReused", firstIndex: known.index };
      return { type: "replayed", index: known.index, term: known.term, first: known.result };
    }
    const result = this.#execute(decoded.command, committed.index);
    const { index, term } = committed;
    this.#answers.add({ kind: "answer", key, fingerprint, index, term, result, digest: 0n, pendingAt: undefined });
    return result;
  }

  #execute(command: Command, index: number): CommandResult {
    switch (command.type) {
      case "counterAdd":
        return this.#addToCounter(command);
      case "registerSet":
        return this.#setRegister(command, index);
      case "registerCompareAndSet":
        return this.#compareAndSetRegister(command, index);
      case "registerDelete":
        return this.#deleteRegister(command);
    }
  }

  #addToCounter({ name, by }: CounterAdd): CommandResult {
    const counter = this.#counters.get(name);
    const value = (counter?.value ?? 0) + by;
    // Two safe integers sum up to less than 2^54 in magnitude: rounding cannot bring an unsafe sum back into the range.
    if (!Number.isSafeInteger(value)) return { type: "counterOutOfRange", value: counter?.value ?? 0 };
    const changed: CounterItem = { kind: "counter", name, value, digest: 0n, pendingAt: undefined };
    this.#counters.set(changed);
    this.#hash.put(changed, counter);
    this.#onChange({ type: "counter", name });
    return { type: "counterAdded", value };
  }

  #setRegister({ key, value, precondition }: RegisterSet, index: number): CommandResult {
    const register = this.#registers.get(key);
    if (!holds(precondition, register)) return { type: "revisionMismatch", revision: register?.revision };
    return this.#writeRegister(register, key, value, index);
  }

  #compareAndSetRegister({ key, expected, value }: RegisterCompareAndSet, index: number): CommandResult {
    const register = this.#registers.get(key);
    if (register?.value !== expected) return { type: "valueMismatch", current: stateOf(register) };
    return this.#writeRegister(register, key, value, index);
  }

  #deleteRegister({ key, precondition }: RegisterDelete): CommandResult {
    const register = this.#registers.get(key);
    // RFC 9110 13.2.1: a precondition is not looked at if the request would fail without it.
    if (register === undefined) return { type: "registerAbsent" };
    if (!holds(precondition, register)) return { type: "revisionMismatch", revision: register.revision };
    this.#registers.delete(key);
    this.#hash.remove(register);
    this.#onChange({ type: "register", key });
    return { type: "registerDeleted", revision: register.revision };
  }

  #writeRegister(
    register: RegisterItem | undefined,
    key: string,
    value: CanonicalJson,
    revision: number,
  ): CommandResult {
    this.#onChange({ type: "register", key });
    const written: RegisterItem = { kind: "register", key, value, revision, digest: 0n, pendingAt: undefined };
    this.#registers.set(written);
    this.#hash.put(written, register);
    return { type: "registerWritten", revision, created: register === undefined };
  }
}

function newCounters(): ItemMap<CounterItem> {
  return new ItemMap(({ name }) => name);
}

function newRegisters(): ItemMap<RegisterItem> {
  return new ItemMap(({ key }) => key);
}

function holds(precondition: Precondition, register: RegisterItem | undefined): boolean {
  switch (precondition.type) {
    case "none":
      return true;
    case "absent":
      return register === undefined;
    case "present":
      return register !== undefined;
    case "revision":
      return register?.revision === precondition.revision;
  }
}

function stateOf(register: RegisterItem | undefined): RegisterState | undefined {
  return register === undefined ? undefined : { revision: register.revision, value: register.value };
}
