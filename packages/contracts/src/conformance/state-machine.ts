// The executable definition of the state machine port: one log, one state. Machines are fed random logs in different ways, and
// must come to the same results and the same bytes.

import { snapshotBytes, snapshotPieces } from "../snapshot-content.ts";
import type { CommittedCommand, StateMachine } from "../state-machine.ts";
import { assertEqual, assertThat, forEachSeed, type SeededRandom, type TestFramework } from "./harness.ts";

/** What the suite must know about a state machine. */
export type StateMachineConformance<Query, Answer, Result> = {
  /** Shown in the titles of the tests. */
  readonly name: string;
  /** An empty state machine. */
  newMachine(): StateMachine<Query, Answer, Result>;
  /** Any command, refused ones included; `random` gives numbers from 0 to 1, exclusive. Its source of chance must be this alone. */
  command(random: () => number): Uint8Array;
  /** Queries that together look at every part of the state. Default: none, so that only results and snapshots are compared. */
  readonly queries?: readonly Query[];
  /** First seed of the random logs. Default 1. */
  readonly seed?: number;
  /** Number of random logs, one per seed. Default 50. */
  readonly runs?: number;
};

/** Longest log that is tried. */
const MAX_ENTRIES = 60;

/**
 * Declares the tests that every `StateMachine` must pass.
 *
 * @example
 * stateMachineConformance({ describe, test }, {
 *   name: "my machine",
 *   newMachine: () => new MyMachine(),
 *   command: (random) => encode({ type: random() < 0.5 ? "add" : "remove", key: Math.floor(random() * 5) }),
 *   queries: [{ key: 0 }, { key: 1 }],
 * });
 */
export function stateMachineConformance<Query, Answer, Result>(
  framework: TestFramework,
  options: StateMachineConformance<Query, Answer, Result>,
): void {
  framework.describe(`${options.name} keeps the laws of state machines`, () => {
    declareLogLaws(framework, options);
    declareSnapshotLaws(framework, options);
  });
}

type Machine<Query, Answer, Result> = StateMachine<Query, Answer, Result>;

function declareLogLaws<Query, Answer, Result>(
  framework: TestFramework,
  options: StateMachineConformance<Query, Answer, Result>,
): void {
  law(framework, options, "the same log gives the same results and the same bytes", (log) => {
    const [one, other] = [options.newMachine(), options.newMachine()];
    assertEqual(applyEach(other, log), applyEach(one, log), "the results of a second machine");
    assertSameState(options, other, one);
  });

  law(framework, options, "results and state do not depend on how the log is cut into batches", (log, random) => {
    const [one, other] = [options.newMachine(), options.newMachine()];
    const results: Result[] = [];
    for (let at = 0; at < log.length; ) {
      const length = random.integer(1, 9);
      results.push(...other.apply(log.slice(at, at + length)));
      at += length;
    }
    assertEqual(results, applyEach(one, log), "the results in batches");
    assertSameState(options, other, one);
  });

  law(framework, options, "there is one result for each command, and none for none", (log) => {
    const machine = options.newMachine();
    assertEqual(machine.apply(log).length, log.length, "the number of results");
    assertEqual(machine.apply([]).length, 0, "the number of results of an empty batch");
  });

  law(framework, options, "queries and snapshots change nothing", (log) => {
    const [asked, other] = [options.newMachine(), options.newMachine()];
    const results = log.map((command) => {
      for (const query of options.queries ?? []) asked.query(query);
      snapshotBytes(asked.snapshot());
      return asked.apply([command])[0];
    });
    assertEqual(results, applyEach(other, log), "the results of a machine that is asked between commands");
    assertSameState(options, asked, other);
  });
}

function declareSnapshotLaws<Query, Answer, Result>(
  framework: TestFramework,
  options: StateMachineConformance<Query, Answer, Result>,
): void {
  law(framework, options, "a snapshot and the rest of the log are as good as the whole log", (log, random) => {
    const cut = random.integer(0, log.length);
    const whole = options.newMachine();
    const expected = applyEach(whole, log).slice(cut);
    const restored = restoredFrom(options, log.slice(0, cut));
    assertEqual(applyEach(restored, log.slice(cut)), expected, "the results after the snapshot");
    assertSameState(options, restored, whole);
  });

  law(framework, options, "a restored state takes the place of the whole earlier one", (log, random) => {
    const machine = options.newMachine();
    applyEach(machine, log);
    const other = options.newMachine();
    applyEach(other, logOf(options, random));
    machine.restore(snapshotBytes(other.snapshot()));
    assertSameState(options, machine, other);
  });

  law(
    framework,
    options,
    "a snapshot is of the moment when it was begun, however late its pieces are made",
    (log, random) => {
      const cut = random.integer(0, log.length);
      const machine = options.newMachine();
      applyEach(machine, log.slice(0, cut));
      const atOnce = snapshotBytes(machine.snapshot());
      const pieces = snapshotPieces(machine.snapshot())[Symbol.iterator]();
      const made: Uint8Array[] = [];
      const rest = log.slice(cut);
      for (let piece = pieces.next(); piece.done !== true; piece = pieces.next()) {
        made.push(piece.value.slice());
        machine.apply(rest.splice(0, random.integer(0, 3)));
      }
      assertEqual(snapshotBytes(made), atOnce, "the snapshot that was made while commands went on");
      machine.apply(rest);
      const other = options.newMachine();
      applyEach(other, log);
      assertSameState(options, machine, other);
    },
  );

  law(framework, options, "a snapshot that nobody finishes reading harms neither the state nor the next one", (log) => {
    const [left, other] = [options.newMachine(), options.newMachine()];
    for (const machine of [left, other]) applyEach(machine, log);
    const pieces = snapshotPieces(left.snapshot())[Symbol.iterator]();
    pieces.next();
    pieces.return?.();
    assertSameState(options, left, other);
  });
}

/** A law that is tried on a random log for each seed. */
function law<Query, Answer, Result>(
  framework: TestFramework,
  options: StateMachineConformance<Query, Answer, Result>,
  title: string,
  check: (log: CommittedCommand[], random: SeededRandom) => void,
): void {
  const { seed = 1, runs = 50 } = options;
  framework.test(title, () => forEachSeed({ seed, runs }, (random) => check(logOf(options, random), random)));
}

/** Indexes have gaps, as in a log that holds more than commands. */
function logOf<Query, Answer, Result>(
  options: StateMachineConformance<Query, Answer, Result>,
  random: SeededRandom,
): CommittedCommand[] {
  let index = 0;
  return Array.from({ length: random.integer(0, MAX_ENTRIES) }, () => {
    index += random.integer(1, 3);
    return { index, term: 1 + Math.floor(index / 20), data: options.command(() => random.next()) };
  });
}

function applyEach<Query, Answer, Result>(
  machine: Machine<Query, Answer, Result>,
  log: readonly CommittedCommand[],
): readonly Result[] {
  return log.flatMap((command) => machine.apply([command]));
}

function restoredFrom<Query, Answer, Result>(
  options: StateMachineConformance<Query, Answer, Result>,
  log: readonly CommittedCommand[],
): Machine<Query, Answer, Result> {
  const source = options.newMachine();
  applyEach(source, log);
  const restored = options.newMachine();
  restored.restore(snapshotBytes(source.snapshot()));
  return restored;
}

function assertSameState<Query, Answer, Result>(
  { queries = [] }: StateMachineConformance<Query, Answer, Result>,
  actual: Machine<Query, Answer, Result>,
  expected: Machine<Query, Answer, Result>,
): void {
  for (const [at, query] of queries.entries()) {
    assertEqual(actual.query(query), expected.query(query), `the answer to query ${at}`);
  }
  const [bytes, expectedBytes] = [snapshotBytes(actual.snapshot()), snapshotBytes(expected.snapshot())];
  assertThat(
    bytes.byteLength === expectedBytes.byteLength,
    `a snapshot of ${expectedBytes.byteLength} bytes, not ${bytes.byteLength}`,
  );
  assertEqual(bytes, expectedBytes, "the snapshot");
}
