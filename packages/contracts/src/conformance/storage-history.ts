// Laws about whole histories: whatever mixture of steps led there, the store equals an array that took the same steps. A history
// that fails is made shorter as long as it still fails, and told step by step.

import type { Entry, EntryId } from "@quorate/core";
import type { LogWrite } from "../log-storage.ts";
import { assertEqual, inFlight, SeededRandom, type TestFramework } from "./harness.ts";
import { shortestFailing } from "./shrink.ts";
import { callStorage, describeCall, LogModel, scriptedWrites, type StorageCall } from "./storage-model.ts";
import { assertContentReopened, type StorageConformance, storageLaws, StorageSession } from "./storage-session.ts";

export function declareHistoryLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { reopenLaw } = storageLaws(framework, options);

  reopenLaw("nothing is lost or added when the store is opened again after every step", async (session) => {
    const model = new LogModel();
    for (const write of scriptedWrites) {
      await session.storage.write(write);
      model.write(write);
      await assertEqualsModel(session, model);
    }
  });

  if (options.cannotReopen !== undefined) return;
  framework.test("random histories leave exactly what an array would hold", async () => {
    const { seed: firstSeed = 1, runs = 40 } = options;
    for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
      const failure = await shortestFailing(stepsOf(seed), async (steps, told) => runHistory(options, steps, told));
      if (failure !== undefined) throw new Error(`Failed with seed ${seed}. ${failure.message}`, failure);
    }
  });
}

/** Each step has a seed of its own, so that it stays what it is when steps before it are left out. */
function stepsOf(seed: number): readonly number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: random.integer(12, 70) }, () => random.integer(0, 2 ** 31));
}

async function assertEqualsModel<Location>(session: StorageSession<Location>, model: LogModel): Promise<void> {
  const loaded = await assertContentReopened(session, model.content);
  assertEqual(loaded.hardState, model.hardState, "hard state");
}

/** Takes all steps and compares what is left; says in `told` what it does. */
async function runHistory<Location>(
  options: StorageConformance<Location>,
  steps: readonly number[],
  told: string[],
): Promise<void> {
  const session = await StorageSession.start(options);
  try {
    const history = new History(session, told);
    for (const seed of steps) await history.step(new SeededRandom(seed));
    await history.reopen();
  } finally {
    await session.end();
  }
}

class History<Location> {
  readonly #session: StorageSession<Location>;
  readonly #told: string[];
  readonly #model = new LogModel();
  #calls: Promise<void>[] = [];

  constructor(session: StorageSession<Location>, told: string[]) {
    this.#session = session;
    this.#told = told;
  }

  async step(random: SeededRandom): Promise<void> {
    const chance = random.next();
    if (chance < 0.45) this.#call({ type: "write", write: randomWrite(this.#model, random) });
    else if (chance < 0.55) this.#call({ type: "compact", base: randomBase(this.#model, random) });
    else if (chance < 0.75) await this.#read(random);
    else if (chance < 0.92) await this.#settle();
    else await this.reopen();
  }

  /** Closes the store while calls are in flight, opens it again and compares all of it. */
  async reopen(): Promise<void> {
    this.#told.push("open it again");
    await Promise.all([assertEqualsModel(this.#session, this.#model), ...this.#calls]);
    this.#calls = [];
  }

  #call(call: StorageCall): void {
    this.#told.push(describeCall(call));
    this.#model.take(call);
    this.#calls.push(inFlight(callStorage(this.#session.storage, call)));
  }

  async #settle(): Promise<void> {
    this.#told.push("wait for all calls");
    await Promise.all(this.#calls);
    this.#calls = [];
  }

  async #read(random: SeededRandom): Promise<void> {
    const model = this.#model;
    if (model.lastIndex < model.firstIndex) return;
    const firstIndex = random.integer(model.firstIndex, model.lastIndex);
    const lastIndex = random.integer(firstIndex, model.lastIndex);
    const maxBytes = random.chance(0.5) ? Number.MAX_SAFE_INTEGER : random.integer(0, 500);
    this.#told.push(`read entries ${firstIndex} to ${lastIndex} within ${maxBytes} bytes`);
    const expected = expectedRead(model.slice(firstIndex, lastIndex), maxBytes);
    const read = await this.#session.storage.read({ firstIndex, lastIndex, maxBytes });
    assertEqual(read, expected, `entries ${firstIndex} to ${lastIndex}`);
  }
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

function expectedRead(range: readonly Entry[], maxBytes: number): readonly Entry[] {
  let bytes = 0;
  const passing = range.findIndex((one, position) => {
    bytes += one.data.length;
    return position > 0 && bytes > maxBytes;
  });
  return passing < 0 ? range : range.slice(0, passing);
}
