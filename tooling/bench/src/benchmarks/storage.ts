// What durability costs: the logs in files and in SQLite, against the least that any log must do, one append and one flush per
// write.
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Entry, LogStorage } from "@quorate/contracts";
import { fileLogStorage } from "@quorate/storage-file";
import { sqliteLogStorage } from "@quorate/storage-sqlite";
import type { Benchmark, Sampler } from "../benchmark.ts";
import { asyncRatePerSecond } from "../rate.ts";

const entryBytes = 128;

export const storageBenchmarks: readonly Benchmark[] = [1, 16, 64, 256].flatMap((batch) => [
  appendAndFlush(batch),
  storageWrite({ name: "storage-file", batch, make: (directory) => fileLogStorage({ directory }) }),
  storageWrite({ name: "storage-sqlite", batch, make: (directory) => sqliteLogStorage({ directory }) }),
]);

/** Raw bytes of the same size, without framing, checksums or index. */
function appendAndFlush(batch: number): Benchmark {
  return {
    name: `append-and-flush-${batch}`,
    unit: "entries/s",
    open: async () => {
      const folder = temporaryFolder();
      const file = await open(join(folder, "log"), "a");
      const bytes = new Uint8Array(batch * entryBytes);
      const write = async (): Promise<void> => {
        await file.write(bytes);
        await file.datasync();
      };
      return {
        sample: (sampleMs) => asyncRatePerSecond(write, sampleMs, batch),
        close: async () => {
          await file.close();
          rmSync(folder, { recursive: true });
        },
      };
    },
  };
}

function storageWrite(store: {
  readonly name: string;
  readonly batch: number;
  readonly make: (directory: string) => LogStorage;
}): Benchmark {
  const { name, batch, make } = store;
  return {
    name: `${name}-write-${batch}`,
    unit: "entries/s",
    comparedTo: `append-and-flush-${batch}`,
    open: async () => {
      const folder = temporaryFolder();
      const storage = make(join(folder, "log"));
      await storage.load();
      await storage.initialise({
        clusterId: "bench",
        nodeId: "n1",
        incarnation: "0a1b2c3d",
        configuration: { voters: ["n1"], learners: [] },
      });
      return samplerOf(storage, { folder, batch });
    },
  };
}

function samplerOf(
  storage: LogStorage,
  { folder, batch }: { readonly folder: string; readonly batch: number },
): Sampler {
  const data = new Uint8Array(entryBytes);
  let lastIndex = 0;
  const write = async (): Promise<void> => {
    const entries = Array.from(
      { length: batch },
      (_, offset): Entry => ({ index: lastIndex + 1 + offset, term: 1, kind: "command", data }),
    );
    lastIndex += batch;
    await storage.write({ entries });
  };
  return {
    sample: (sampleMs) => asyncRatePerSecond(write, sampleMs, batch),
    close: async () => {
      await storage.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "quorate-bench-"));
}
