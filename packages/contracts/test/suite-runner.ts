// Runs a conformance suite without a test framework, to see which of its laws an adapter breaks.

import type { TestFramework } from "../src/conformance/index.ts";

type Body = () => Promise<void> | void;

/** The laws of a suite: titles and bodies, in order. Skipped ones are listed by title alone. */
export type Laws = {
  readonly bodies: ReadonlyMap<string, Body>;
  readonly skipped: readonly string[];
};

/** Collects what a suite declares. */
export function collectLaws(declare: (framework: TestFramework) => void): Laws {
  const bodies = new Map<string, Body>();
  const skipped: string[] = [];
  const collect = Object.assign((title: string, body: Body) => void bodies.set(title, body), {
    skip: (title: string) => void skipped.push(title),
  });
  declare({ describe: (_title, body) => body(), test: collect });
  return { bodies, skipped };
}

/** Titles of the laws that are broken: of all, or of the one that is named. */
export async function brokenLaws(laws: Laws, only?: string): Promise<readonly string[]> {
  const broken: string[] = [];
  if (only !== undefined && !laws.bodies.has(only)) throw new Error(`There is no law "${only}"`);
  for (const [title, body] of laws.bodies) {
    if (only !== undefined && title !== only) continue;
    try {
      await body();
    } catch {
      broken.push(title);
    }
  }
  return broken;
}

/** What the failure of one law says; undefined if it holds. */
export async function failureOf(laws: Laws, title: string): Promise<string | undefined> {
  const body = laws.bodies.get(title);
  if (body === undefined) throw new Error(`There is no law "${title}"`);
  try {
    await body();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
