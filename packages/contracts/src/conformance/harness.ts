// What the suites need and must not import: a way to declare tests in any framework, assertions whose failures say what
// was expected, chance from a seed, and waiting that ends. Contracts depends on nothing, so these few lines are its own.

import { codeOf } from "../errors.ts";

/** The body of one test: it fails by throwing or rejecting. */
export type TestBody = () => Promise<void> | void;

/** `test` of vitest, node:test or jest. */
export type TestFunction = {
  (title: string, body: TestBody): unknown;
  readonly skip: (title: string, body: TestBody) => unknown;
};

/** The two functions a suite is declared with; pass `{ describe, test }` of vitest, node:test or jest. */
export type TestFramework = {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly test: TestFunction;
};

/** Declares a test that does not run here, and says why: a law that nobody checks must not look like one that holds. */
export function skipTest(framework: TestFramework, facts: { readonly title: string; readonly reason: string }): void {
  framework.test.skip(`${facts.title} (skipped: ${facts.reason})`, () => {});
}

/** Fails unless the condition holds. `expectation` is a sentence such as "the write resolves after the one before it". */
export function assertThat(condition: boolean, expectation: string): asserts condition {
  if (!condition) throw new Error(`Expected: ${expectation}`);
}

/** Fails unless both are equal by value. Bytes are compared as bytes; a key whose value is undefined counts as absent. */
export function assertEqual(actual: unknown, expected: unknown, what: string): void {
  const difference = findDifference(actual, expected, what);
  if (difference !== undefined) throw new Error(difference);
}

/** Fails unless the promise rejects with an error that carries this code. Returns the error. */
export async function assertRejects(promise: Promise<unknown>, code: string, what: string): Promise<unknown> {
  const outcome = await promise.then(
    () => ({ rejected: false, error: undefined }),
    (error: unknown) => ({ rejected: true, error }),
  );
  assertThat(outcome.rejected, `${what} rejects with ${code}, but it resolved`);
  assertCode(outcome.error, code, what);
  return outcome.error;
}

/** Fails unless the call throws an error that carries this code. Returns the error. */
export function assertThrows(call: () => unknown, code: string, what: string): unknown {
  let outcome: { readonly error: unknown } | undefined;
  try {
    call();
  } catch (error) {
    outcome = { error };
  }
  if (outcome === undefined) throw new Error(`Expected: ${what} throws ${code}, but it returned`);
  assertCode(outcome.error, code, what);
  return outcome.error;
}

/** A promise that the test awaits later: if the test fails before that, its rejection is not reported a second time. */
export function inFlight<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}

/** The promise's value, or a failure that names what did not happen within the deadline. */
export async function withDeadline<Value>(promise: Promise<Value>, what: string, deadlineMs = 4000): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Expected within ${deadlineMs} ms: ${what}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until the condition holds; fails when the deadline passes first. */
export async function eventually(condition: () => boolean, what: string, deadlineMs = 4000): Promise<void> {
  const expiresAt = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > expiresAt) throw new Error(`Expected within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Chance that repeats: the same seed gives the same sequence. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 inclusive to 1 exclusive (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends inclusive. */
  integer(minimum: number, maximum: number): number {
    return minimum + Math.floor(this.next() * (maximum - minimum + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.integer(0, 255));
  }
}

/** Runs a randomised body once for each of `runs` seeds from `seed` on; a failure names the seed that shows it again. */
export async function forEachSeed(
  range: { readonly seed: number; readonly runs: number },
  body: (random: SeededRandom, seed: number) => Promise<void> | void,
): Promise<void> {
  for (let seed = range.seed; seed < range.seed + range.runs; seed += 1) {
    try {
      await body(new SeededRandom(seed), seed);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Failed with seed ${seed}: ${reason}`, { cause: error });
    }
  }
}

/** Fails unless the error carries this code. */
export function assertCode(error: unknown, code: string, what: string): void {
  const actual = codeOf(error);
  if (actual !== code) {
    throw new Error(`Expected: ${what} fails with ${code}, but the failure was ${actual ?? String(error)}`, {
      cause: error,
    });
  }
}

function findDifference(actual: unknown, expected: unknown, path: string): string | undefined {
  if (Object.is(actual, expected)) return undefined;
  if (actual instanceof Uint8Array && expected instanceof Uint8Array) {
    const same = actual.length === expected.length && actual.every((byte, index) => byte === expected[index]);
    return same ? undefined : `${path}: got bytes ${describe(actual)}, expected ${describe(expected)}`;
  }
  if (!isRecord(actual) || !isRecord(expected) || Array.isArray(actual) !== Array.isArray(expected)) {
    return `${path}: got ${describe(actual)}, expected ${describe(expected)}`;
  }
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length !== expected.length) {
    return `${path}: got ${actual.length} elements, expected ${expected.length}`;
  }
  for (const key of new Set([...Object.keys(actual), ...Object.keys(expected)])) {
    const difference = findDifference(actual[key], expected[key], `${path}.${key}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array);
}

function describe(value: unknown): string {
  if (value instanceof Uint8Array) return `[${value.slice(0, 32).join(" ")}${value.length > 32 ? " …" : ""}]`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
