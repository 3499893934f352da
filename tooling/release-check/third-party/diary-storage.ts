// A log storage such as somebody outside of this repository would write, from the published documentation alone: everything in
// one file, rewritten for every group of writes. Slow, and correct; unless it is told to make a mistake.
import { mkdirSync, readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import {
  crc32,
  type Entry,
  type EntryId,
  type HardState,
  type LogRange,
  type LogStorage,
  type LogWrite,
  QuorateError,
  type StoredState,
  type StoreIdentity,
} from "@quorate/contracts";

/** What it can be told to do wrong: the suite has to notice. */
export type Mistake = "none" | "loses the hard state" | "acknowledges before storing";

type Diary = {
  readonly identity: StoreIdentity | undefined;
  readonly hardState: HardState;
  readonly base: EntryId;
  readonly entries: readonly Entry[];
};

const blank: Diary = {
  identity: undefined,
  hardState: { term: 0, votedFor: undefined },
  base: { index: 0, term: 0 },
  entries: [],
};

export class DiaryStorage implements LogStorage {
  readonly supports = { durable: true };
  readonly #directory: string;
  readonly #mistake: Mistake;
  #diary: Diary = blank;
  #stored: Promise<void> = Promise.resolve();
  #failure: unknown;
  #isClosed = false;

  constructor(directory: string, mistake: Mistake = "none") {
    this.#directory = directory;
    this.#mistake = mistake;
  }

  async load(): Promise<StoredState> {
    this.#check();
    mkdirSync(this.#directory, { recursive: true });
    this.#diary = readDiary(join(this.#directory, "diary.json"));
    const { identity, hardState, base, entries } = this.#diary;
    const termRuns = entries
      .filter(({ term }, position) => term !== entries[position - 1]?.term)
      .map(({ index, term }) => ({ firstIndex: index, term }));
    const configurations = entries.filter(({ kind }) => kind === "configuration");
    return { identity, hardState, log: { base, lastIndex: base.index + entries.length, termRuns }, configurations };
  }

  async initialise(identity: StoreIdentity): Promise<void> {
    this.#check();
    if (this.#diary.identity !== undefined) throw refusal("QUORATE_ALREADY_INITIALISED", "It has an identity.");
    await this.#change({ ...this.#diary, identity });
  }

  async write(write: LogWrite): Promise<void> {
    this.#check();
    const { base, entries } = this.#diary;
    const kept = (write.truncateFrom ?? base.index + entries.length + 1) - base.index - 1;
    if (kept < 0 || kept > entries.length)
      throw refusal("QUORATE_WRITE_REFUSED", "The truncation is outside of the log.");
    let last: EntryId = entries[kept - 1] ?? base;
    for (const entry of write.entries) {
      const follows = entry.index === last.index + 1 && entry.term >= last.term;
      if (!follows) throw refusal("QUORATE_WRITE_REFUSED", `Entry ${entry.index} does not follow entry ${last.index}.`);
      last = entry;
    }
    const loses = this.#mistake === "loses the hard state";
    const hardState = (loses ? undefined : write.hardState) ?? this.#diary.hardState;
    await this.#change({ ...this.#diary, hardState, entries: [...entries.slice(0, kept), ...write.entries] });
  }

  async read({ firstIndex, lastIndex, maxBytes }: LogRange): Promise<readonly Entry[]> {
    this.#check();
    const { base, entries } = this.#diary;
    if (firstIndex <= base.index || lastIndex < firstIndex || lastIndex > base.index + entries.length) {
      throw refusal("QUORATE_OUT_OF_RANGE", `There are no entries ${firstIndex} to ${lastIndex}.`);
    }
    const range = entries.slice(firstIndex - base.index - 1, lastIndex - base.index);
    let bytes = 0;
    return range.filter(({ data }, position) => (bytes += data.length) <= maxBytes || position === 0);
  }

  async compact(base: EntryId): Promise<void> {
    this.#check();
    const { base: before, entries } = this.#diary;
    if (base.index <= before.index) return this.#stored;
    const isInLog = entries[base.index - before.index - 1]?.term === base.term;
    return this.#change({ ...this.#diary, base, entries: isInLog ? entries.slice(base.index - before.index) : [] });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#stored.catch(() => undefined);
  }

  #check(): void {
    if (this.#isClosed) throw refusal("QUORATE_CLOSED", "The diary has been closed.");
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Takes effect at once and is stored in its turn. */
  #change(diary: Diary): Promise<void> {
    this.#diary = diary;
    const stored = this.#storeAfter(this.#stored, diary);
    this.#stored = stored.catch((error: unknown) => void (this.#failure ??= failed(error)));
    return this.#mistake === "acknowledges before storing" ? Promise.resolve() : stored;
  }

  async #storeAfter(before: Promise<void>, diary: Diary): Promise<void> {
    await before;
    if (this.#failure !== undefined) throw this.#failure;
    await storeDiary(this.#directory, diary);
  }
}

async function storeDiary(directory: string, diary: Diary): Promise<void> {
  const path = join(directory, "diary.json");
  const text = JSON.stringify(diary, (_, value: unknown) =>
    value instanceof Uint8Array ? { bytes: Buffer.from(value).toString("base64") } : value,
  );
  const file = await open(`${path}.tmp`, "w");
  await file.writeFile(JSON.stringify({ checksum: crc32(Buffer.from(text)), text }));
  await file.sync();
  await file.close();
  await rename(`${path}.tmp`, path);
  const folder = await open(directory, "r");
  await folder.sync();
  await folder.close();
}

function readDiary(path: string): Diary {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return blank;
    throw failed(error);
  }
  try {
    const { checksum, text } = JSON.parse(content) as { readonly checksum: number; readonly text: string };
    if (checksum !== crc32(Buffer.from(text))) throw new Error("another checksum");
    const diary = JSON.parse(text, (_, value: unknown) =>
      typeof value === "object" && value !== null && "bytes" in value
        ? Uint8Array.from(Buffer.from(String(value.bytes), "base64"))
        : value,
    ) as Diary;
    return { ...diary, hardState: { term: diary.hardState.term, votedFor: diary.hardState.votedFor } };
  } catch {
    throw refusal("QUORATE_LOG_CORRUPT", `${path} is not as it was written.`);
  }
}

function refusal(code: string, message: string): QuorateError {
  return new QuorateError({ code, message, hint: "Read what the port says about it." });
}

function failed(cause: unknown): QuorateError {
  const facts = { code: "QUORATE_STORAGE_FAILED", message: "The diary could not be stored.", cause };
  return new QuorateError({ ...facts, hint: "Repair the disk and open the diary anew." });
}
