// A small key-value state machine and clients that use it: what to simulate when Raft itself is the subject.

import type { CommittedCommand, StateMachine } from "@quorate/contracts";
import type { CommandOperation, Json, Workload } from "./operation.ts";

/** What a command of {@link Registers} says. */
type RegisterCommand =
  | { readonly f: "write"; readonly key: string; readonly value: Json }
  | { readonly f: "cas"; readonly key: string; readonly expected: Json; readonly value: Json };

/** The answer to a command: whether it changed the register. Bytes that are no command change nothing, on every server. */
export type RegisterResult = { readonly changed: boolean };

/** Named registers with write and compare-and-set. A query names a key; `null` is the answer for one never written. */
export class Registers implements StateMachine<string, Json, RegisterResult> {
  #values = new Map<string, Json>();

  apply(batch: readonly CommittedCommand[]): readonly RegisterResult[] {
    return batch.map(({ data }) => this.#execute(readCommand(data)));
  }

  query(key: string): Json {
    return this.#values.get(key) ?? null;
  }

  snapshot(): Uint8Array {
    return encode([...this.#values].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  restore(snapshot: Uint8Array): void {
    this.#values = new Map(parse(snapshot) as [string, Json][]);
  }

  #execute(command: RegisterCommand | undefined): RegisterResult {
    if (command === undefined) return { changed: false };
    const changed = command.f === "write" || this.query(command.key) === command.expected;
    if (changed) this.#values.set(command.key, command.value);
    return { changed };
  }
}

/** Shapes of the register workload. */
export type RegisterOptions = {
  /** How many registers. Default 3. */
  readonly keys?: number;
  /** Share of reads, 0 to 1. Default 0.4. */
  readonly reads?: number;
  /** Share of compare-and-sets, 0 to 1; the rest are writes. Default 0.2. */
  readonly compareAndSets?: number;
  /** Share of writes whose bytes are damaged before they come to a node, 0 to 1. Default 0.02. */
  readonly damaged?: number;
};

/** The state machine and the workload for `simulate({ …, ...registers() })`. Histories fit the model `register`. */
export function registers({ keys = 3, reads = 0.4, compareAndSets = 0.2, damaged = 0.02 }: RegisterOptions = {}): {
  readonly stateMachine: () => Registers;
  readonly workload: Workload<string, Json, RegisterResult>;
} {
  return {
    stateMachine: () => new Registers(),
    workload: ({ random, operation }) => {
      const key = `k${Math.floor(random() * keys) + 1}`;
      const kind = random();
      if (kind < reads) return { f: "read", key, query: key };
      // Values are unique, so that a history tells which write a read has seen.
      if (kind >= reads + compareAndSets) {
        const write = writeOperation(key, operation);
        return kind > 1 - damaged * (1 - reads - compareAndSets) ? damagedCopy(write) : write;
      }
      return casOperation({ key, expected: Math.max(1, operation - 1 - Math.floor(random() * 8)), value: operation });
    },
  };
}

function writeOperation(key: string, value: number): CommandOperation<RegisterResult> {
  return { f: "write", key, value, command: encode({ f: "write", key, value }), record: () => ({ type: "ok", value }) };
}

/** The same write without the end of its bytes: every server has to refuse it alike. */
function damagedCopy(write: CommandOperation<RegisterResult>): CommandOperation<RegisterResult> {
  const command = write.command.subarray(0, write.command.byteLength / 2);
  return { ...write, command, record: ({ changed }) => ({ type: changed ? "ok" : "fail" }) };
}

function casOperation(change: {
  readonly key: string;
  readonly expected: number;
  readonly value: number;
}): CommandOperation<RegisterResult> {
  const { key, expected, value } = change;
  return {
    f: "cas",
    key,
    value: [expected, value],
    command: encode({ f: "cas", key, expected, value }),
    record: ({ changed }) => ({ type: changed ? "ok" : "fail", value: [expected, value] }),
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function encode(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

function readCommand(bytes: Uint8Array): RegisterCommand | undefined {
  try {
    return parse(bytes) as RegisterCommand;
  } catch {
    return undefined;
  }
}

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}
