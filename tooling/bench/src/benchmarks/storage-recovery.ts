// What a log costs that is there already: the time to open one after a restart, the time to verify a snapshot, and the memory
// that reading a large log takes.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { fileLogStorage, fileSnapshotStore } from "@quorate/storage-file";
import type { Benchmark } from "../benchmark.ts";
import { fillLog } from "../fill-log.ts";

const execute = promisify(execFile);
const mebibyte = 1024 * 1024;
const gigabyte = 1e9;
const recoveredBytes = 32 * mebibyte;
const reader = resolve(import.meta.dirname, "../read-log.ts");
/** Samples that are shorter than this only try whether the benchmark works. */
const seriousSampleMs = 100;

export const storageRecoveryBenchmarks: readonly Benchmark[] = [openLog(), loadSnapshot(), readLargeLog()];

/** Seconds to open a log of entries of 128 bytes, for each gigabyte of it, from the page cache. */
function openLog(): Benchmark {
  return {
    name: "storage-file-open",
    unit: "s/GB",
    open: async () => {
      const directory = temporaryFolder();
      await fillLog(directory, recoveredBytes);
      return {
        sample: async () => {
          const storage = fileLogStorage({ directory });
          const start = performance.now();
          await storage.load();
          const elapsedMs = performance.now() - start;
          await storage.close();
          return secondsPerGigabyte(elapsedMs, recoveredBytes);
        },
        close: () => rmSync(directory, { recursive: true }),
      };
    },
  };
}

/** Seconds to open a snapshot store, which verifies all of the latest snapshot, for each gigabyte of state. */
function loadSnapshot(): Benchmark {
  return {
    name: "storage-file-open-snapshot",
    unit: "s/GB",
    open: async () => {
      const directory = temporaryFolder();
      const store = fileSnapshotStore({ directory });
      await store.load();
      const writer = await store.create({ index: 1, term: 1, configuration: { voters: ["n1"], learners: [] } });
      const piece = new Uint8Array(mebibyte).fill(7);
      for (let written = 0; written < recoveredBytes; written += piece.length) await writer.write(piece);
      await writer.commit();
      await store.close();
      return {
        sample: async () => {
          const reopened = fileSnapshotStore({ directory });
          const start = performance.now();
          await reopened.load();
          const elapsedMs = performance.now() - start;
          await reopened.close();
          return secondsPerGigabyte(elapsedMs, recoveredBytes);
        },
        close: () => rmSync(directory, { recursive: true }),
      };
    },
  };
}

/** By how much a process grows, at most, from the opened log to the end of reading a gigabyte of it by ranges. */
function readLargeLog(): Benchmark {
  return {
    name: "storage-file-read-1gb-growth",
    unit: "MiB",
    open: () => {
      const directory = temporaryFolder();
      return {
        sample: async (sampleMs) => {
          const bytes = sampleMs < seriousSampleMs ? recoveredBytes : gigabyte;
          if (!existsSync(join(directory, "segment-0000000001.log"))) await fillLog(directory, bytes);
          const { stdout } = await execute(process.execPath, ["--conditions=quorate-source", reader, directory]);
          return Number(stdout);
        },
        close: () => rmSync(directory, { recursive: true }),
      };
    },
  };
}

function secondsPerGigabyte(elapsedMs: number, bytes: number): number {
  return elapsedMs / 1000 / (bytes / gigabyte);
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "quorate-bench-"));
}
