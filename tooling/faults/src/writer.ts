// A small program that does nothing but write durably and say so: `node writer.ts DIRECTORY`. Each line on stdout is an
// acknowledgement: `entry INDEX`, `snapshot INDEX` or `base INDEX`. It ends when the disk fails.

import { writeSync } from "node:fs";
import { fileLogStorage, fileSnapshotStore } from "@quorate/storage-file";
import { entryAt, snapshotAt, termAt, writerSegmentBytes } from "./writer-content.ts";

const [directory = ""] = process.argv.slice(2);
const inFlight = 4;
const snapshotEvery = 400;

const log = fileLogStorage({ directory, segmentBytes: writerSegmentBytes });
const snapshots = fileSnapshotStore({ directory });
const found = await log.load();
await snapshots.load();
if (found.identity === undefined) {
  const configuration = { voters: ["n1"], learners: [] };
  await log.initialise({ clusterId: "faults", nodeId: "n1", incarnation: "i1", configuration });
}
let next = found.log.lastIndex + 1;
say("ready", next - 1);
await Promise.all(Array.from({ length: inFlight }, writeForever));

async function writeForever(): Promise<void> {
  for (;;) {
    // Taken before the first await, so that writes reach the log in order.
    const first = next;
    const count = 1 + (first % 3);
    next += count;
    const entries = Array.from({ length: count }, (_, offset) => entryAt(first + offset));
    const last = first + count - 1;
    await log.write({ hardState: { term: termAt(last), votedFor: "n1" }, entries });
    say("entry", last);
    const due = Math.floor(last / snapshotEvery) * snapshotEvery;
    if (due >= first && due > 0) await snapshotAndCompact(due);
  }
}

async function snapshotAndCompact(index: number): Promise<void> {
  const writer = await snapshots.create({
    index,
    term: termAt(index),
    configuration: { voters: ["n1"], learners: [] },
  });
  await writer.write(snapshotAt(index));
  await writer.commit();
  say("snapshot", index);
  await log.compact({ index, term: termAt(index) });
  say("base", index);
}

/** Out of the process before anything else happens. */
function say(what: string, index: number): void {
  writeSync(1, `${what} ${index}\n`);
}
