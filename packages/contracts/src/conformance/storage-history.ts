// Laws about whole histories: whatever mixture of steps led there, the store equals an array that took the same steps.

import type { Entry, EntryId, HardState } from "@quorate/core";
import type { LogStorage, LogWrite } from "../log-storage.ts";
import { assertEqual, forEachSeed, inFlight, type SeededRandom, type TestFramework } from "./harness.ts";
import {
  assertContentReopened,
  entries,
  entry,
  type LogContent,
  type StorageConformance,
  storageLaws,
  StorageSession,
} from "./storage-session.ts";

/** What a store must equal: the log as an array that begins after its base, and the hard state. */
class LogModel {
  #content: LogContent = { base: { index: 0, term: 0 }, entries: [] };
  #hardState: HardState = { term: 0, votedFor: undefined };

  get content(): LogContent {
    return this.#content;
  }

  get firstIndex(): number {
    return this.#content.base.index + 1;
  }

  get lastIndex(): number {
    return this.#content.base.index + this.#content.entries.length;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  /** The entry at an index of the log, or the base. */
  at(index: number): EntryId | undefined {
    const { base, entries: log } = this.#content;
    return index === base.index ? base : log[index - base.index - 1];
  }

  slice(firstIndex: number, lastIndex: number): readonly Entry[] {
    const { base, entries: log } = this.#content;
    return log.slice(firstIndex - base.index - 1, lastIndex - base.index);
  }

  write(write: LogWrite): void {
    const { base } = this.#content;
    const kept = this.slice(this.firstIndex, (write.truncateFrom ?? this.lastIndex + 1) - 1);
    this.#content = { base, entries: [...kept, ...write.entries] };
    this.#hardState = write.hardState ?? this.#hardState;
  }

  compact(base: EntryId): void {
    if (base.index < this.firstIndex) return;
    const isInLog = this.at(base.index)?.term === base.term;
    this.#content = { base, entries: isInLog ? this.slice(base.index + 1, this.lastIndex) : [] };
  }
}

const script: readonly LogWrite[] = [
  { hardState: { term: 1, votedFor: "n1" }, entries: [] },
  { entries: [entry(1, 1), entry(2, 1, "n1,n2,n3", "configuration")] },
  { hardState: { term: 2, votedFor: undefined }, entries: [entry(3, 2, "three")] },
  { entries: entries({ firstIndex: 4, lastIndex: 9, term: 2 }) },
  { truncateFrom: 7, entries: [] },
  { hardState: { term: 4, votedFor: "n3" }, truncateFrom: 6, entries: [entry(6, 4, "six")] },
  { truncateFrom: 2, entries: [entry(2, 4, "n1", "configuration"), entry(3, 4, "three")] },
  { entries: [] },
  { truncateFrom: 1, entries: [] },
  { entries: [entry(1, 6, "one")] },
];

export function declareHistoryLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { reopenLaw } = storageLaws(framework, options);

  reopenLaw("nothing is lost or added when the store is opened again after every step", async (session) => {
    const model = new LogModel();
    for (const write of script) {
      await session.storage.write(write);
      model.write(write);
      await assertEqualsModel(session, model);
    }
  });

  if (options.cannotReopen !== undefined) return;
  framework.test("random histories leave exactly what an array would hold", async () => {
    await forEachSeed({ seed: options.seed ?? 1, runs: options.runs ?? 40 }, async (random) => {
      const session = await StorageSession.start(options);
      try {
        await runHistory(session, random);
      } finally {
        await session.end();
      }
    });
  });
}

async function assertEqualsModel<Location>(session: StorageSession<Location>, model: LogModel): Promise<void> {
  const loaded = await assertContentReopened(session, model.content);
  assertEqual(loaded.hardState, model.hardState, "hard state");
}

async function runHistory<Location>(session: StorageSession<Location>, random: SeededRandom): Promise<void> {
  const model = new LogModel();
  let writes: Promise<void>[] = [];
  const steps = random.integer(10, 40);
  for (let step = 0; step < steps; step += 1) {
    writes.push(inFlight(takeStep(session.storage, { model, random })));
    if (random.chance(0.5)) await assertRandomRead(session.storage, { model, random });
    if (random.chance(0.4)) {
      await Promise.all(writes);
      writes = [];
    }
    if (random.chance(0.15)) {
      await Promise.all([assertEqualsModel(session, model), ...writes]);
      writes = [];
    }
  }
  await Promise.all(writes);
  await assertEqualsModel(session, model);
}

/** One random call on the store and the model; resolves when the store has it. */
function takeStep(
  storage: LogStorage,
  { model, random }: { readonly model: LogModel; readonly random: SeededRandom },
): Promise<void> {
  if (random.chance(0.15)) {
    const base = randomBase(model, random);
    model.compact(base);
    return storage.compact(base);
  }
  const write = randomWrite(model, random);
  model.write(write);
  return storage.write(write);
}

/** Mostly an entry of the log; now and then one that it has with another term, that it lost long ago or never had. */
function randomBase(model: LogModel, random: SeededRandom): EntryId {
  const index = random.integer(Math.max(0, model.firstIndex - 2), model.lastIndex + (random.chance(0.1) ? 5 : 0));
  const term = model.at(index)?.term ?? model.hardState.term;
  return { index, term: random.chance(0.1) ? term + 1 : term };
}

function randomWrite(model: LogModel, random: SeededRandom): LogWrite {
  const truncateFrom = random.chance(0.25) ? random.integer(model.firstIndex, model.lastIndex + 1) : undefined;
  const keptLast = (truncateFrom ?? model.lastIndex + 1) - 1;
  const lastTerm = model.at(keptLast)?.term ?? 1;
  const term = Math.max(1, model.hardState.term, lastTerm) + (random.chance(0.2) ? random.integer(1, 3) : 0);
  const votedFor = random.chance(0.5) ? `n${random.integer(1, 5)}` : undefined;
  const hardState = term > model.hardState.term || random.chance(0.1) ? { term, votedFor } : undefined;
  const count = random.chance(0.2) ? 0 : random.integer(1, 8);
  const fresh = Array.from({ length: count }, (_, offset) => randomEntry(keptLast + 1 + offset, term, random));
  return { hardState, truncateFrom, entries: fresh };
}

function randomEntry(index: number, term: number, random: SeededRandom): Entry {
  if (random.chance(0.1)) return { index, term, kind: "empty", data: new Uint8Array(0) };
  const data = random.bytes(random.chance(0.05) ? random.integer(0, 5000) : random.integer(0, 60));
  return { index, term, kind: random.chance(0.1) ? "configuration" : "command", data };
}

async function assertRandomRead(
  storage: LogStorage,
  { model, random }: { readonly model: LogModel; readonly random: SeededRandom },
): Promise<void> {
  if (model.lastIndex < model.firstIndex) return;
  const firstIndex = random.integer(model.firstIndex, model.lastIndex);
  const lastIndex = random.integer(firstIndex, model.lastIndex);
  const maxBytes = random.chance(0.5) ? Number.MAX_SAFE_INTEGER : random.integer(0, 500);
  const read = await storage.read({ firstIndex, lastIndex, maxBytes });
  assertEqual(read, expectedRead(model.slice(firstIndex, lastIndex), maxBytes), "entries of a random range");
}

function expectedRead(range: readonly Entry[], maxBytes: number): readonly Entry[] {
  let bytes = 0;
  const passing = range.findIndex((one, position) => {
    bytes += one.data.length;
    return position > 0 && bytes > maxBytes;
  });
  return passing < 0 ? range : range.slice(0, passing);
}
