// The storage suite must be able to fail: a correct store passes all of its laws, and each mistake breaks the law that forbids it.
// The store is a small one of its own, because contracts depends on no adapter.

import { describe as nodeDescribe, test as nodeTest } from "node:test";
import { describe, expect, test } from "vitest";
import { storageConformance, type TestFramework } from "../src/conformance/index.ts";
import {
  type Entry,
  type EntryId,
  type HardState,
  type LogRange,
  type LogStorage,
  QuorateError,
  type StoreIdentity,
} from "../src/index.ts";

type Disk = {
  identity: StoreIdentity | undefined;
  hardState: HardState;
  base: EntryId;
  entries: readonly Entry[];
};

/** Mistakes that a store can be told to make. */
type Mistake =
  | "none"
  | "answers that it is durable"
  | "initialises twice"
  | "forgets the identity"
  | "forgets the vote"
  | "keeps what a truncation removes"
  | "truncates one entry too many"
  | "takes entries that leave a gap"
  | "takes a hard state although it refuses the entries"
  | "loses the last write"
  | "resolves writes in reverse"
  | "applies a write late"
  | "reads one byte too many"
  | "returns nothing over maxBytes"
  | "reads outside of the log"
  | "reads what is there later"
  | "hands out bytes that it goes on using"
  | "goes on after close"
  | "keeps configurations that were truncated"
  | "begins a term run at every write"
  | "keeps the base among the entries"
  | "keeps the log of another term"
  | "ignores a base behind the end"
  | "moves the base back"
  | "forgets the base"
  | "forgets the vote when it compacts"
  | "compacts late"
  | "resolves a compaction late"
  | "takes a compaction's base for an entry of term 0";

const refuse = (code: string): QuorateError => new QuorateError({ code, message: code, hint: code });

class ArrayStorage implements LogStorage {
  readonly supports: { readonly durable: boolean };
  readonly #disk: Disk;
  readonly #mistake: Mistake;
  readonly #configurations: Entry[] = [];
  readonly #shared = new Uint8Array(8);
  #isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(disk: Disk, mistake: Mistake) {
    this.#disk = disk;
    this.#mistake = mistake;
    this.supports = { durable: mistake === "answers that it is durable" };
  }

  async load(): ReturnType<LogStorage["load"]> {
    this.#checkOpen();
    const { identity, hardState, base, entries } = this.#disk;
    const isRunStart = (entry: Entry, position: number): boolean =>
      this.#mistake === "begins a term run at every write" || entry.term !== entries[position - 1]?.term;
    const configurations = entries.filter(({ kind }) => kind === "configuration");
    return {
      identity: this.#mistake === "forgets the identity" ? undefined : identity,
      hardState,
      log: {
        base,
        lastIndex: base.index + entries.length,
        termRuns: entries.filter(isRunStart).map(({ index, term }) => ({ firstIndex: index, term })),
      },
      configurations:
        this.#mistake === "keeps configurations that were truncated" ? this.#configurations : configurations,
    };
  }

  async initialise(identity: StoreIdentity): Promise<void> {
    this.#checkOpen();
    const isAllowed = this.#disk.identity === undefined || this.#mistake === "initialises twice";
    if (!isAllowed) throw refuse("QUORATE_ALREADY_INITIALISED");
    this.#disk.identity = identity;
  }

  async write(write: Parameters<LogStorage["write"]>[0]): Promise<void> {
    this.#checkOpen();
    if (this.#mistake === "applies a write late") await Promise.resolve();
    const disk = this.#disk;
    const kept = (write.truncateFrom ?? disk.base.index + disk.entries.length + 1) - disk.base.index - 1;
    const keptEntries = disk.entries.slice(
      0,
      Math.max(0, this.#mistake === "truncates one entry too many" ? kept - 1 : kept),
    );
    const log = [
      ...(this.#mistake === "keeps what a truncation removes" ? disk.entries : keptEntries),
      ...write.entries,
    ];
    if (this.#mistake === "takes a hard state although it refuses the entries") this.#takeHardState(write.hardState);
    if (kept < 0 || kept > disk.entries.length) throw refuse("QUORATE_WRITE_REFUSED");
    const isGap = log.some(
      (entry, position) =>
        entry.index !== disk.base.index + position + 1 || entry.term < (log[position - 1] ?? disk.base).term,
    );
    if (isGap && this.#mistake !== "takes entries that leave a gap") throw refuse("QUORATE_WRITE_REFUSED");
    this.#takeHardState(write.hardState);
    disk.entries = log;
    this.#configurations.push(...write.entries.filter(({ kind }) => kind === "configuration"));
    if (this.#mistake === "resolves writes in reverse") await this.#inReverse();
  }

  async read({ firstIndex, lastIndex, maxBytes }: LogRange): Promise<readonly Entry[]> {
    this.#checkOpen();
    const { base, entries } = this.#disk;
    const isOutside = firstIndex <= base.index || lastIndex < firstIndex || lastIndex > base.index + entries.length;
    if (isOutside && this.#mistake !== "reads outside of the log") throw refuse("QUORATE_OUT_OF_RANGE");
    if (this.#mistake === "reads what is there later") for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    const found: Entry[] = [];
    let bytes = this.#mistake === "reads one byte too many" ? -1 : 0;
    for (const entry of this.#disk.entries.slice(Math.max(0, firstIndex - base.index - 1), lastIndex - base.index)) {
      bytes += entry.data.length;
      const isFirst = found.length === 0 && this.#mistake !== "returns nothing over maxBytes";
      if (bytes > maxBytes && !isFirst) break;
      found.push(this.#mistake === "hands out bytes that it goes on using" ? this.#reusing(entry) : entry);
    }
    return found;
  }

  async compact(base: EntryId): Promise<void> {
    this.#checkOpen();
    if (this.#mistake === "compacts late") for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    const disk = this.#disk;
    const position = base.index - disk.base.index - 1;
    if (position < 0) {
      if (this.#mistake === "moves the base back") disk.base = base;
      return;
    }
    if (position >= disk.entries.length && this.#mistake === "ignores a base behind the end") return;
    const hasTerm = disk.entries[position]?.term === base.term || this.#mistake === "keeps the log of another term";
    const dropped = this.#mistake === "keeps the base among the entries" ? position : position + 1;
    disk.entries = hasTerm ? disk.entries.slice(dropped) : [];
    disk.base = this.#mistake === "takes a compaction's base for an entry of term 0" ? { ...base, term: 0 } : base;
    if (this.#mistake === "forgets the vote when it compacts") disk.hardState = { term: 0, votedFor: undefined };
    if (this.#mistake === "resolves a compaction late") for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  }

  async close(): Promise<void> {
    if (!this.#isClosed && this.#mistake === "loses the last write")
      this.#disk.entries = this.#disk.entries.slice(0, -1);
    if (this.#mistake === "forgets the base") this.#disk.base = { index: 0, term: 0 };
    this.#isClosed = true;
  }

  #checkOpen(): void {
    if (this.#isClosed && this.#mistake !== "goes on after close") throw refuse("QUORATE_CLOSED");
  }

  #takeHardState(hardState: HardState | undefined): void {
    if (hardState === undefined) return;
    this.#disk.hardState = this.#mistake === "forgets the vote" ? { ...hardState, votedFor: undefined } : hardState;
  }

  #reusing(entry: Entry): Entry {
    if (entry.data.length > this.#shared.length) return entry;
    this.#shared.set(entry.data);
    return { ...entry, data: this.#shared.subarray(0, entry.data.length) };
  }

  #inReverse(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.unshift(resolve);
      setImmediate(() => {
        for (const one of this.#waiting.splice(0)) one();
      });
    });
  }
}

/** Runs the suite on a store that makes this mistake; returns the titles of the laws that it broke. */
async function brokenLaws(mistake: Mistake): Promise<readonly string[]> {
  const bodies = new Map<string, () => Promise<void> | void>();
  const collect = Object.assign((title: string, body: () => Promise<void> | void) => void bodies.set(title, body), {
    skip: () => {},
  });
  const framework: TestFramework = { describe: (_title, body) => body(), test: collect };
  storageConformance(framework, {
    name: "array",
    newLocation: (): Disk => ({
      identity: undefined,
      hardState: { term: 0, votedFor: undefined },
      base: { index: 0, term: 0 },
      entries: [],
    }),
    open: (disk) => new ArrayStorage(disk, mistake),
    supports: { durable: false },
    runs: 5,
  });
  const broken: string[] = [];
  for (const [title, body] of bodies) {
    try {
      await body();
    } catch {
      broken.push(title);
    }
  }
  return broken;
}

/** The law that each mistake breaks. */
const caught: readonly { readonly mistake: Mistake; readonly law: string }[] = [
  { mistake: "answers that it is durable", law: "says what it supports" },
  { mistake: "initialises twice", law: "a second identity is refused" },
  { mistake: "forgets the identity", law: "an identity is found again, with everything else still empty" },
  { mistake: "forgets the vote", law: "term and vote are found again, and the latest wins" },
  { mistake: "keeps what a truncation removes", law: "a truncation deletes the entry at its index and all after it" },
  { mistake: "truncates one entry too many", law: "a truncation deletes the entry at its index and all after it" },
  { mistake: "takes entries that leave a gap", law: "a refusal does not disturb the writes in flight around it" },
  {
    mistake: "takes a hard state although it refuses the entries",
    law: "refuses as a whole, and goes on: entries that overlap the log",
  },
  { mistake: "loses the last write", law: "entries of many writes make one log" },
  { mistake: "resolves writes in reverse", law: "of several writes in flight each resolves after all before it" },
  {
    mistake: "applies a write late",
    law: "a read sees the writes that were called before it and are still in flight",
  },
  { mistake: "reads one byte too many", law: "a read stops before it passes maxBytes of data" },
  {
    mistake: "returns nothing over maxBytes",
    law: "a read returns one entry even if that one alone passes maxBytes",
  },
  { mistake: "reads outside of the log", law: "the first entry of an empty log is out of range" },
  {
    mistake: "reads what is there later",
    law: "a read that began before a truncation gives what the log was when it was called",
  },
  {
    mistake: "hands out bytes that it goes on using",
    law: "bytes that were read stay as they are while the store goes on",
  },
  { mistake: "goes on after close", law: "every call after close is refused" },
  {
    mistake: "keeps configurations that were truncated",
    law: "one write truncates and appends in its place, term runs and configurations included",
  },
  { mistake: "begins a term run at every write", law: "entries of many writes make one log" },
  {
    mistake: "keeps the base among the entries",
    law: "a compaction to any entry of the log keeps exactly the entries after it",
  },
  {
    mistake: "keeps the log of another term",
    law: "a compaction to a base of a lower term than the log has there replaces the log by an empty one after it",
  },
  {
    mistake: "ignores a base behind the end",
    law: "a compaction to a base right behind the end of the log replaces the log by an empty one after it",
  },
  { mistake: "moves the base back", law: "a base at or before the present one changes nothing" },
  { mistake: "forgets the base", law: "an empty log can be compacted, and goes on after the base" },
  {
    mistake: "forgets the vote when it compacts",
    law: "a compaction leaves identity, term and vote as they were",
  },
  { mistake: "compacts late", law: "compactions and writes in flight take effect in call order" },
  { mistake: "resolves a compaction late", law: "compactions and writes in flight resolve in call order" },
  {
    mistake: "takes a compaction's base for an entry of term 0",
    law: "refuses as a whole, and goes on: an entry whose term is lower than the base's",
  },
];

describe("the storage suite", () => {
  test("passes a correct store", async () => {
    expect(await brokenLaws("none")).toEqual([]);
  });

  test.each(caught)("catches a store that $mistake", async ({ mistake, law }) => {
    expect(await brokenLaws(mistake)).toContain(law);
  });

  test("reports the laws that an adapter cannot keep as skipped, with the reason", () => {
    const skipped: string[] = [];
    const collect = Object.assign(() => {}, { skip: (title: string) => skipped.push(title) });
    storageConformance(
      { describe: (_title, body) => body(), test: collect },
      {
        name: "array",
        newLocation: () => ({}),
        open: () => Promise.reject(new Error("not opened here")),
        supports: { durable: false },
        cannotReopen: "it keeps nothing",
      },
    );
    expect(skipped.length).toBeGreaterThan(10);
    expect(skipped).toContain("entries of many writes make one log (skipped: it keeps nothing)");
  });

  test("fits the functions of node:test and of vitest", () => {
    const frameworks: readonly TestFramework[] = [
      { describe: nodeDescribe, test: nodeTest },
      { describe, test },
    ];
    expect(frameworks).toHaveLength(2);
  });
});
