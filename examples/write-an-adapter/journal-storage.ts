// Write an adapter: a log storage that is one text file, a line for each write. Simple, durable, and not fast: every write
// is flushed by itself. What the log holds is kept by the adapter in memory; this adds the disk.

import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import {
  crc32,
  type EntryId,
  type LogRange,
  type LogStorage,
  type LogWrite,
  QuorateError,
  type StoredState,
  type StoreIdentity,
} from "@quorate/contracts";
import { memoryDisk, memoryLogStorage } from "@quorate/memory";

/** A line of the journal. Names of the port's own calls. */
type Line = { readonly initialise: StoreIdentity } | { readonly write: LogWrite } | { readonly compact: EntryId };

/** Keeps one server's log in the file at `path`. */
export function journalLogStorage(path: string): LogStorage {
  return new JournalLogStorage(path);
}

class JournalLogStorage implements LogStorage {
  readonly supports = { durable: true };
  readonly #path: string;
  readonly #disk = memoryDisk();
  readonly #log = memoryLogStorage(this.#disk);
  #file: FileHandle | undefined;
  /** Rejected for good once a write has failed: nobody knows what the disk holds then. */
  #lastFlush: Promise<void> = Promise.resolve();
  #failure: QuorateError | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<StoredState> {
    await this.#log.load(); // refused if this store was closed
    for (const line of await readJournal(this.#path)) await this.#replay(line);
    await this.#rewrite();
    this.#file = await open(this.#path, "a");
    return this.#log.load();
  }

  // Memory does its work before its first await, so lines are queued in the order of the calls, and what it refuses is not.

  async initialise(identity: StoreIdentity): Promise<void> {
    this.#refuseIfFailed();
    await this.#log.initialise(identity);
    await this.#append({ initialise: identity });
  }

  async write(write: LogWrite): Promise<void> {
    this.#refuseIfFailed();
    await this.#log.write(write);
    await this.#append({ write });
  }

  async compact(base: EntryId): Promise<void> {
    this.#refuseIfFailed();
    await this.#log.compact(base);
    await this.#append({ compact: base });
  }

  async read(range: LogRange): ReturnType<LogStorage["read"]> {
    this.#refuseIfFailed();
    return this.#log.read(range);
  }

  async close(): Promise<void> {
    await this.#log.close();
    await this.#lastFlush.catch(() => undefined);
    await this.#file?.close();
    this.#file = undefined;
  }

  #replay(line: Line): Promise<void> {
    if ("initialise" in line) return this.#log.initialise(line.initialise);
    return "write" in line ? this.#log.write(line.write) : this.#log.compact(line.compact);
  }

  /** Resolves when the line, and all before it, are on the disk. */
  #append(line: Line): Promise<void> {
    const text = lineOf(line);
    this.#lastFlush = this.#lastFlush.then(() => this.#flush(text));
    return this.#lastFlush;
  }

  async #flush(text: string): Promise<void> {
    try {
      await this.#file?.appendFile(text);
      await this.#file?.datasync();
    } catch (cause) {
      this.#failure = storageFailed(this.#path, cause);
      throw this.#failure;
    }
  }

  /** At every start the journal becomes as short as the log: half a line at its end, or what was compacted, goes. */
  async #rewrite(): Promise<void> {
    const { identity, base, hardState, entries } = this.#disk;
    const lines: Line[] = [{ compact: base }, { write: { hardState, entries } }];
    if (identity !== undefined) lines.unshift({ initialise: identity });
    const newPath = `${this.#path}.new`;
    const file = await open(newPath, "w");
    await file.writeFile(lines.map(lineOf).join(""));
    await file.datasync();
    await file.close();
    await rename(newPath, this.#path);
    const directory = await open(dirname(this.#path));
    await directory.datasync();
    await directory.close();
  }

  #refuseIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** A checksum and the line as JSON, with bytes as text. */
function lineOf(line: Line): string {
  const json = JSON.stringify(line, (_, value: unknown) =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value,
  );
  return `${checksum(json)} ${json}\n`;
}

async function readJournal(path: string): Promise<readonly Line[]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw storageFailed(path, error);
  });
  // Behind the last end of a line is nothing, or a line that a crash cut off: nobody was told that it is there.
  return text.split("\n").slice(0, -1).map(parse);
}

function parse(text: string, at: number): Line {
  const json = text.slice(9);
  if (text !== `${checksum(json)} ${json}`) {
    throw new QuorateError({
      code: "QUORATE_LOG_CORRUPT",
      message: `Line ${at + 1} of the journal is not what was written.`,
      hint: "Do not start from it: remove the file and let the other servers bring this one up to date.",
    });
  }
  // The checksum says that this is what `lineOf` has written.
  return JSON.parse(json, (_, value: unknown) =>
    typeof value === "object" && value !== null && "base64" in value
      ? new Uint8Array(Buffer.from(String(value.base64), "base64"))
      : value,
  ) as Line;
}

function checksum(json: string): string {
  return crc32(new TextEncoder().encode(json)).toString(16).padStart(8, "0");
}

function storageFailed(path: string, cause: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_STORAGE_FAILED",
    message: `Cannot write ${path}: ${String(cause)}`,
    hint: "Find out why the disk refuses, then open the store anew.",
    cause,
  });
}
