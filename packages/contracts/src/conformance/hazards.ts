// What a set-up can do to the place of a store from outside, so that the suites can ask what the store makes of it. All of it is
// optional: what an adapter's medium does not allow is named as the reason why the laws about it are skipped.

import { codeOf } from "../errors.ts";
import { assertEqual, assertRejects, assertThat, SeededRandom, skipTest, type TestFramework } from "./harness.ts";

/** The files, or whatever else bits are kept in, of a store that is closed. */
export type StoreFiles<Location> = {
  list(location: Location): readonly string[] | Promise<readonly string[]>;
  read(location: Location, name: string): Uint8Array | Promise<Uint8Array>;
  /** Makes the file if there is none of this name. */
  write(location: Location, name: string, bytes: Uint8Array): void | Promise<void>;
  /** Another place with the same files. */
  copy(location: Location): Location | Promise<Location>;
};

/** What can be done to a store besides calling it. */
export type StoreHazards<Location, Store> = {
  /** For bits that flip, files that are cut short and files of others. */
  readonly files?: StoreFiles<Location>;
  /** The same store on a medium that takes no more than a few mebibytes. */
  openOnSmallDisk?(location: Location): Store | Promise<Store>;
  /** A place that cannot be written to, whoever tries. */
  readOnlyLocation?(): Location | Promise<Location>;
  /** Why a second opener is not refused, for a durable store. A store that does not outlive its process needs no lock. */
  readonly cannotLock?: string;
};

/** A place that a crash left, and how far the calls had come. */
export type StorageCrash<Location> = {
  readonly location: Location;
  /** How many of the calls had been acknowledged, and how many begun. */
  readonly acknowledged: number;
  readonly begun: number;
  /** Shown in failures, for example `after the second write, its second half lost`. */
  readonly moment: string;
};

/** Declares a law that needs something of the set-up; without that it is skipped, and the reason says what is missing. */
export function declareIf<Needed>(
  framework: TestFramework,
  need: { readonly title: string; readonly needed: Needed | undefined; readonly missing: string },
  check: (needed: Needed) => Promise<void>,
): void {
  const { title, needed, missing } = need;
  if (needed === undefined) skipTest(framework, { title, reason: missing });
  else framework.test(title, async () => check(needed));
}

/** A place with something done to one of its files. */
type Damage<Location> = { readonly location: Location; readonly what: string };

/** Single bits that flip all over the files: as many as `perFile` of each, chosen by the seed. */
async function* flippedBits<Location>(
  files: StoreFiles<Location>,
  location: Location,
  { seed, perFile }: { readonly seed: number; readonly perFile: number },
): AsyncGenerator<Damage<Location>> {
  const random = new SeededRandom(seed);
  for (const name of await files.list(location)) {
    const { length } = await files.read(location, name);
    for (let count = 0; count < Math.min(perFile, length * 8); count += 1) {
      const bit = random.integer(0, length * 8 - 1);
      const bytes = (await files.read(location, name)).slice();
      bytes[bit >>> 3] = (bytes[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      yield { location: await copyWith(files, location, { name, bytes }), what: `bit ${bit} of ${name} flipped` };
    }
  }
}

/** Each file cut to half, and each replaced by something that nobody wrote here. */
async function* brokenFiles<Location>(
  files: StoreFiles<Location>,
  location: Location,
): AsyncGenerator<Damage<Location>> {
  for (const name of await files.list(location)) {
    const whole = await files.read(location, name);
    if (whole.length < 2) continue;
    const half = whole.slice(0, whole.length >>> 1);
    yield { location: await copyWith(files, location, { name, bytes: half }), what: `${name} cut to half` };
    const foreign = Uint8Array.from(whole, (_, at) => 65 + (at % 23));
    yield { location: await copyWith(files, location, { name, bytes: foreign }), what: `${name} of somebody else` };
  }
}

async function copyWith<Location>(
  files: StoreFiles<Location>,
  location: Location,
  { name, bytes }: { readonly name: string; readonly bytes: Uint8Array },
): Promise<Location> {
  const copy = await files.copy(location);
  await files.write(copy, name, bytes);
  return copy;
}

/**
 * Fails unless every damage is refused with one of these codes, or does not change what is found. Returns how much of it was
 * refused.
 */
async function assertNoticed<Location>(
  damages: AsyncIterable<Damage<Location>>,
  expected: {
    readonly codes: readonly string[];
    /** Opens the place, reads everything and closes it; fails if anything else is found than was stored. */
    look(location: Location): Promise<void>;
  },
): Promise<number> {
  let refused = 0;
  for await (const { location, what } of damages) {
    try {
      await expected.look(location);
    } catch (error) {
      const code = codeOf(error);
      const found = error instanceof Error ? error.message : String(error);
      const isRefusal = code !== undefined && expected.codes.includes(code);
      assertThat(isRefusal, `${what} is refused with ${expected.codes.join(" or ")}, or harmless; but: ${found}`);
      refused += 1;
    }
  }
  return refused;
}

/** Fails unless the error says what to do. */
export function assertRemedy(error: unknown): void {
  const hint: unknown = error instanceof Error && "hint" in error ? error.hint : undefined;
  assertThat(typeof hint === "string" && hint.length > 10, "the error has a hint that says what to do");
}

/** What the laws about files need of a suite. */
export type FileLaws<Location> = {
  readonly files: StoreFiles<Location> | undefined;
  readonly codes: readonly string[];
  readonly flips: { readonly seed: number; readonly perFile: number };
  newLocation(): Location | Promise<Location>;
  /** Opens a store on the place, writes to it and closes it. */
  fill(location: Location): Promise<void>;
  /** Opens the place and compares everything with what `fill` has written; rejects with what is refused or what differs. */
  look(location: Location): Promise<void>;
};

/** The laws about rot and about files of others, the same for every store. */
export function declareFileLaws<Location>(framework: TestFramework, parts: FileLaws<Location>): void {
  const missing = "the set-up gives no access to its files (files)";
  const declare = (title: string, check: (files: StoreFiles<Location>) => Promise<void>): void =>
    declareIf(framework, { title, needed: parts.files, missing }, check);
  const filledLocation = async (): Promise<Location> => {
    const location = await parts.newLocation();
    await parts.fill(location);
    return location;
  };

  declare("a flipped bit of a closed store is refused or harmless", async (files) => {
    await assertNoticed(flippedBits(files, await filledLocation(), parts.flips), parts);
  });

  declare("a file that was cut short or exchanged is refused or harmless", async (files) => {
    const refused = await assertNoticed(brokenFiles(files, await filledLocation()), parts);
    assertThat(refused > 0, "at least one of the files matters, but no damage to any was noticed");
  });

  declare("files of others are left alone", async (files) => {
    const location = await parts.newLocation();
    const note = Uint8Array.of(1, 2, 3);
    await files.write(location, "a-note-of-somebody-else", note);
    await parts.fill(location);
    await parts.look(location);
    assertEqual(await files.read(location, "a-note-of-somebody-else"), note, "the file of somebody else");
  });
}

/** The law about places that nobody can write to. */
export function declareReadOnlyLaw<Location, Store extends { load(): Promise<unknown>; close(): Promise<void> }>(
  framework: TestFramework,
  options: StoreHazards<Location, Store> & { open(location: Location): Store | Promise<Store> },
): void {
  const need = {
    title: "a place that cannot be written to is refused, with a remedy",
    needed: options.readOnlyLocation?.bind(options),
    missing: "the set-up has no such place (readOnlyLocation)",
  };
  declareIf(framework, need, async (readOnlyLocation) => {
    const store = await options.open(await readOnlyLocation());
    assertRemedy(await assertRejects(store.load(), "QUORATE_STORAGE_FAILED", "load of a read-only place"));
    await store.close();
  });
}
