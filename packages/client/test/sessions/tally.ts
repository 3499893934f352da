// A state machine that shows every double apply: it counts the commands and remembers them all.

import { type CommittedCommand, snapshotBytes, type StateMachine } from "@quorate/contracts";
import { type SessionLimits, type SessionMachine, type SessionResult, withSessions } from "../../src/sessions/index.ts";

/** Keeps every command as text, in order; answers with how many there are. */
export class Tally implements StateMachine<"all", readonly string[], string> {
  applied: string[] = [];

  apply(batch: readonly CommittedCommand[]): readonly string[] {
    return batch.map(({ data }) => `${text(data)} is number ${this.applied.push(text(data))}`);
  }

  query(): readonly string[] {
    return this.applied;
  }

  snapshot(): Uint8Array {
    return bytes(this.applied.join("\n"));
  }

  restore(snapshot: Uint8Array): void {
    this.applied = snapshot.byteLength === 0 ? [] : text(snapshot).split("\n");
  }
}

export type SessionTally = SessionMachine<"all", readonly string[], string>;

export function tallyWithSessions(limits: Partial<SessionLimits> = {}): SessionTally {
  return withSessions(new Tally(), { encodeResult: bytes, limits });
}

/** Feeds entries one after the other, numbered from 1. */
export class Log {
  readonly machine: SessionTally;
  index = 0;

  constructor(limits: Partial<SessionLimits> = {}) {
    this.machine = tallyWithSessions(limits);
  }

  apply(data: Uint8Array, term = 1): SessionResult<string> {
    this.index += 1;
    const [result] = this.machine.apply([{ index: this.index, term, data }]);
    if (result === undefined) throw new Error("an entry without a result");
    return result;
  }

  /** Lets other commands pass. */
  pass(entries: number): void {
    for (let done = 0; done < entries; done += 1) this.apply(bytes("other"));
  }
}

/** The machine's snapshot in one piece. */
export function bytesOf(machine: Pick<SessionTally, "snapshot">): Uint8Array {
  return snapshotBytes(machine.snapshot());
}

export function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}

export function hex(value: Uint8Array): string {
  return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Blanks between the bytes are for the reader. */
export function unhex(value: string): Uint8Array {
  return Uint8Array.from(value.match(/[0-9a-f]{2}/g) ?? [], (pair) => Number.parseInt(pair, 16));
}
