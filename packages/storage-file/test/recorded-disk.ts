// Records what a store does to its disk, step by step, and makes of it every disk that a crash could have left behind.

import { basename } from "node:path";
import type { FileSystem, OpenFile } from "../src/file-system.ts";
import { TestDisk } from "./test-disk.ts";

/** The unit that a disk writes whole or not at all. */
const sectorBytes = 512;
/** Up to this many unsynced sectors, all subsets of them are tried. */
const allSubsetsUpTo = 8;

/** One change to a disk. A file keeps its number when it is renamed. */
export type Step =
  | { readonly type: "create"; readonly file: number; readonly name: string }
  | { readonly type: "write"; readonly file: number; readonly position: number; readonly bytes: Uint8Array }
  | { readonly type: "sync"; readonly file: number }
  | { readonly type: "rename"; readonly from: string; readonly to: string }
  | { readonly type: "remove"; readonly name: string }
  | { readonly type: "syncDirectory" }
  /** From here on a crash may find the states up to this one, and none before the one that was acknowledged. */
  | { readonly type: "allowed"; readonly acknowledged: number; readonly issued: number };

/** The files that a crash left, and the states that may be found in them. */
export type CrashImage = {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly acknowledged: number;
  readonly issued: number;
  /** For the message of a failure. */
  readonly what: string;
};

/** Which crashes to try. */
export type CrashKind = "boundaries" | "cut writes" | "lost sectors";

/** A file system on a disk that puts all that changes it into `steps`. The files that are there have these numbers. */
export function recording(
  disk: TestDisk,
  steps: Step[],
  known: ReadonlyMap<string, number> = new Map(disk.fileNames.map((name, number) => [name, number])),
): FileSystem {
  const inner = disk.fileSystem;
  const numbers = new Map(known);
  // Numbers of files that are gone are not used again.
  let made = Math.max(known.size, ...steps.map((step) => (step.type === "create" ? step.file + 1 : 0)));
  return {
    ...inner,
    open: async (path, mode) => {
      const name = basename(path);
      const file = await inner.open(path, mode);
      if (mode === "create") {
        numbers.set(name, made);
        steps.push({ type: "create", file: made, name });
        made += 1;
      }
      return recordingFile(file, numbers.get(name) ?? -1, steps);
    },
    rename: async ({ from, to }) => {
      await inner.rename({ from, to });
      const number = numbers.get(basename(from)) ?? -1;
      numbers.delete(basename(from));
      numbers.set(basename(to), number);
      steps.push({ type: "rename", from: basename(from), to: basename(to) });
    },
    remove: async (path) => {
      await inner.remove(path);
      steps.push({ type: "remove", name: basename(path) });
    },
    syncDirectory: async (path) => {
      await inner.syncDirectory(path);
      steps.push({ type: "syncDirectory" });
    },
  };
}

function recordingFile(inner: OpenFile, file: number, steps: Step[]): OpenFile {
  const sync = async (): Promise<void> => {
    await inner.sync();
    steps.push({ type: "sync", file });
  };
  return {
    ...inner,
    write: async (bytes, position) => {
      await inner.write(bytes, position);
      steps.push({ type: "write", file, position, bytes: bytes.slice() });
    },
    sync,
    datasync: sync,
  };
}

type Content = { readonly durable: Uint8Array; readonly current: Uint8Array };
type Names = ReadonlyMap<string, number>;
/** Other contents of one file than the written one. */
type Variant = { readonly file: number; readonly bytes: Uint8Array; readonly what: string };

/**
 * All disks that a crash after any of the steps could leave: with the process alone gone, or with the power. `start` is the
 * disk, durable in full, that the first step was done on. With `everywhere`, unfinished files are cut at every byte too; by
 * default at every sector, since no store looks into them.
 */
export function* crashImages(
  steps: readonly Step[],
  options: {
    readonly kind: CrashKind;
    readonly start?: ReadonlyMap<string, Uint8Array>;
    /** Steps before this one are done without a crash. */
    readonly from?: number;
    readonly everywhere?: boolean;
  },
): Generator<CrashImage> {
  const model = new DiskModel(options.start ?? new Map<string, Uint8Array>());
  let allowed = { acknowledged: 0, issued: 0 };
  for (const [at, step] of steps.entries()) {
    const before = step.type === "write" ? model.contentOf(step.file) : undefined;
    model.take(step);
    if (step.type === "allowed") allowed = { acknowledged: step.acknowledged, issued: step.issued };
    if (at < (options.from ?? 0)) continue;
    const what = `step ${at} (${step.type})`;
    for (const image of imagesAfter(model, step, { ...options, before })) {
      yield { ...allowed, files: image.files, what: `${what}, ${image.what}` };
    }
  }
}

/** What a new process finds after these steps: all that was written, though not all of it is durable. */
export function filesAfter(steps: readonly Step[]): {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly numbers: ReadonlyMap<string, number>;
} {
  const model = new DiskModel(new Map());
  for (const step of steps) model.take(step);
  return model.written;
}

function* imagesAfter(
  model: DiskModel,
  step: Step,
  options: { readonly kind: CrashKind; readonly before: Content | undefined; readonly everywhere?: boolean },
): Generator<{ readonly files: ReadonlyMap<string, Uint8Array>; readonly what: string }> {
  if (options.kind === "boundaries") yield* model.boundaryImages();
  if (step.type !== "write" || options.before === undefined) return;
  if (options.kind === "cut writes") {
    const isUnfinished = model.nameOf(step.file).endsWith(".tmp") && options.everywhere !== true;
    const cuts = cutWrites(step, options.before, isUnfinished ? sectorBytes : 1);
    yield* model.imagesWith(cuts, { byTurns: options.everywhere !== true });
  }
  if (options.kind === "lost sectors") {
    yield* model.imagesWith(lostSectors(step.file, model.contentOf(step.file)), { byTurns: false });
  }
}

class DiskModel {
  readonly #files = new Map<number, Content>();
  /** The durable names and, behind them, the names after each change since. */
  #names: Names[];

  constructor(start: ReadonlyMap<string, Uint8Array>) {
    this.#names = [new Map([...start.keys()].map((name, number) => [name, number]))];
    for (const [number, bytes] of [...start.values()].entries()) {
      this.#files.set(number, { durable: bytes, current: bytes });
    }
  }

  take(step: Step): void {
    switch (step.type) {
      case "create":
        this.#files.set(step.file, { durable: new Uint8Array(0), current: new Uint8Array(0) });
        return this.#change((names) => names.set(step.name, step.file));
      case "write": {
        const { durable, current } = this.contentOf(step.file);
        this.#files.set(step.file, { durable, current: overwritten(current, step.position, step.bytes) });
        return;
      }
      case "sync": {
        const { current } = this.contentOf(step.file);
        this.#files.set(step.file, { durable: current, current });
        return;
      }
      case "rename":
        return this.#change((names) => {
          const file = names.get(step.from) ?? -1;
          names.delete(step.from);
          names.set(step.to, file);
        });
      case "remove":
        return this.#change((names) => names.delete(step.name));
      case "syncDirectory":
        this.#names = this.#names.slice(-1);
        return;
      case "allowed":
    }
  }

  get written(): { readonly files: ReadonlyMap<string, Uint8Array>; readonly numbers: Names } {
    const numbers = this.#names.at(-1) ?? new Map<string, number>();
    return { files: this.#image(numbers, ({ current }) => current), numbers };
  }

  contentOf(file: number): Content {
    const content = this.#files.get(file);
    if (content === undefined) throw new Error(`no file ${file}`);
    return content;
  }

  nameOf(file: number): string {
    return [...(this.#names.at(-1) ?? new Map<string, number>())].find(([, one]) => one === file)?.[0] ?? "";
  }

  /** The process gone; or the power, with nothing of what was not synced, or with all of the data or of its size alone. */
  *boundaryImages(): Generator<{ readonly files: ReadonlyMap<string, Uint8Array>; readonly what: string }> {
    for (const [kept, names] of this.#names.entries()) {
      const what = `${kept} of ${this.#names.length - 1} unsynced names kept, data`;
      yield { files: this.#image(names, ({ current }) => current), what: `${what} written` };
      if (!this.#hasUnsyncedData(names)) continue;
      yield { files: this.#image(names, ({ durable }) => durable), what: `${what} lost` };
      const zeros = this.#image(names, (one) => overwritten(new Uint8Array(one.current.length), 0, one.durable));
      yield { files: zeros, what: `${what} lost but for its size` };
    }
  }

  /** One file in each of the variants; the others as written and as synced, or the one and the other by turns. */
  *imagesWith(
    variants: Iterable<Variant>,
    { byTurns }: { readonly byTurns: boolean },
  ): Generator<{ readonly files: ReadonlyMap<string, Uint8Array>; readonly what: string }> {
    let turn = 0;
    for (const { file, bytes, what } of variants) {
      turn += 1;
      for (const names of this.#names) {
        const name = [...names].find(([, one]) => one === file)?.[0];
        if (name === undefined) continue;
        const both = ["current", "durable"] as const;
        const picks = !this.#hasUnsyncedData(names, file)
          ? both.slice(0, 1)
          : byTurns
            ? [both[turn % 2] ?? both[0]]
            : both;
        for (const pick of picks) {
          const files = new Map(this.#image(names, (content) => content[pick])).set(name, bytes);
          yield { files, what: `${what}, other files as they are ${pick}` };
        }
      }
    }
  }

  #hasUnsyncedData(names: Names, but?: number): boolean {
    return [...names.values()].some((file) => {
      const { durable, current } = this.contentOf(file);
      return file !== but && durable !== current;
    });
  }

  #image(names: Names, pick: (content: Content) => Uint8Array): ReadonlyMap<string, Uint8Array> {
    return new Map([...names].map(([name, file]) => [name, pick(this.contentOf(file))]));
  }

  #change(change: (names: Map<string, number>) => void): void {
    const names = new Map(this.#names.at(-1));
    change(names);
    this.#names.push(names);
  }
}

/** The write cut off at every byte, or at every so many. */
function* cutWrites(
  { file, position, bytes }: Extract<Step, { type: "write" }>,
  before: Content,
  stride: number,
): Generator<Variant> {
  for (let kept = 0; kept < bytes.length; kept += stride) {
    const cut = overwritten(before.current, position, bytes.subarray(0, kept));
    yield { file, bytes: cut, what: `${kept} of ${bytes.length} bytes kept` };
  }
}

/** Subsets of the sectors that were written and not synced: all of them if they are few, else a choice. */
function* lostSectors(file: number, { durable, current }: Content): Generator<Variant> {
  const sectors: number[] = [];
  for (let at = 0; at < current.length; at += sectorBytes) {
    const end = at + sectorBytes;
    if (Buffer.compare(current.subarray(at, end), durable.subarray(at, end)) !== 0) sectors.push(at);
  }
  for (const isLost of subsets(sectors.length)) {
    const bytes = current.slice();
    let lost = "";
    for (const [number, at] of sectors.entries()) {
      if (!isLost(number)) continue;
      const end = Math.min(at + sectorBytes, bytes.length);
      bytes.fill(0, at, end).set(durable.subarray(at, end), at);
      lost += ` ${number}`;
    }
    yield { file, bytes, what: `of ${sectors.length} sectors lost:${lost}` };
  }
}

function* subsets(count: number): Generator<(member: number) => boolean> {
  if (count <= allSubsetsUpTo) {
    for (let set = 0; set < 2 ** count; set += 1) yield (member) => (set & (1 << member)) !== 0;
    return;
  }
  for (let one = 0; one < count; one += 1) {
    yield (member) => member === one;
    yield (member) => member !== one;
    yield (member) => member < one;
    yield (member) => member > one;
    yield (member) => (Math.imul(member + 1, 0x9e3779b1 + 2 * one) >>> 30) % 2 === 0;
  }
}

/** The bytes with others written over them; longer if need be. */
function overwritten(bytes: Uint8Array, position: number, written: Uint8Array): Uint8Array {
  const result = new Uint8Array(Math.max(bytes.length, position + written.length));
  result.set(bytes);
  result.set(written, position);
  return result;
}

/** A disk with these files, all of them durable. */
export function diskWith(files: ReadonlyMap<string, Uint8Array>): TestDisk {
  const disk = new TestDisk();
  for (const [name, bytes] of files) disk.replace(name, bytes);
  return disk;
}
