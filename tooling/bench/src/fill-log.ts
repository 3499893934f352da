// Makes a log of a given size, as fast as the disk allows.
import type { Entry } from "@quorate/contracts";
import { fileLogStorage } from "@quorate/storage-file";

const entryBytes = 128;
/** What the log adds to an entry. */
const overheadBytes = 28;
const entriesPerWrite = 2000;
const writesInFlight = 4;

/** Fills a directory with a log of about this many bytes, in entries of 128 bytes. */
export async function fillLog(directory: string, bytes: number): Promise<void> {
  const storage = fileLogStorage({ directory });
  await storage.load();
  const data = new Uint8Array(entryBytes).fill(1);
  const count = Math.ceil(bytes / (entryBytes + overheadBytes));
  const inFlight: Promise<void>[] = [];
  for (let first = 1; first <= count; first += entriesPerWrite) {
    const length = Math.min(entriesPerWrite, count - first + 1);
    const entries = Array.from(
      { length },
      (_, offset): Entry => ({ index: first + offset, term: 1, kind: "command", data }),
    );
    inFlight.push(storage.write({ hardState: { term: 1, votedFor: "n1" }, entries }));
    if (inFlight.length >= writesInFlight) await inFlight.shift();
  }
  await Promise.all(inFlight);
  await storage.close();
}
