// Numbers of entries and bytes: whole and positive, and 0 only where nothing is a meaningful amount.

import type { Problems } from "./problems.ts";

/** What may stay behind a snapshot is nothing, too. */
export function isRetained(key: string): boolean {
  return key.startsWith("retain");
}

/** The amounts that were given; the others are left to the node's defaults. */
export function checkAmounts<Key extends string>(check: {
  /** Where they stand in the configuration. */
  readonly path: string;
  readonly given: { readonly [Name in Key]?: number | undefined } | undefined;
  readonly mayBeZero?: (key: string) => boolean;
  readonly problems: Problems;
}): { readonly [Name in Key]?: number } {
  const { path, given = {}, mayBeZero = () => false, problems } = check;
  const amounts: [string, number][] = [];
  for (const [key, amount] of Object.entries<number | undefined>(given)) {
    if (amount === undefined) continue;
    const least = mayBeZero(key) ? 0 : 1;
    if (!(Number.isSafeInteger(amount) && amount >= least)) {
      problems.add(
        `${path}.${key}`,
        `must be a whole number from ${least}, found ${amount}`,
        "Leave it out for the default.",
      );
    }
    amounts.push([key, amount]);
  }
  // Object.fromEntries forgets the key type; the keys are those of `given`.
  return Object.fromEntries(amounts) as { [Name in Key]?: number };
}
