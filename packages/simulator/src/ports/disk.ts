// A disk that outlives processes. What was written is seen at once; what is durable follows later, in order, one flush at a
// time. A crash keeps any prefix of what was under way, and nothing of a write that it has torn.

import { codeOf, QuorateError } from "@quorate/contracts";
import type { Planned } from "../world/event-queue.ts";
import type { SeededRandom } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { type DiskOperation, LogImage } from "./log-image.ts";

/** How a disk behaves. Times in ms, probabilities per flush. */
export type DiskBehaviour = {
  readonly flushMs: readonly [number, number];
  /** Probability that a flush takes up to `slowFlushMs`. */
  slowFlush: number;
  readonly slowFlushMs: number;
  /** Probability that completions of one flush are reported late and out of order. */
  lateReport: number;
};

/** What a disk has done to its users. */
export type DiskCounters = { slowFlush: number; lateReport: number; lostWrites: number; tornWrites: number };

/**
 * Hears, once, that an operation and all before it are durable, or why it never will be. Whoever asked for it gets to know
 * after `delayMs`.
 */
export type Report = (delayMs: number, failure: QuorateError | undefined) => void;

type UnderWay = { readonly operation: DiskOperation; readonly report: Report };

/** What is wrong on the medium since it was written. */
export type Rot = {
  /** Entries of the log whose records are changed, or in each other's place. */
  readonly entries: readonly number[];
  readonly snapshot: "damaged" | "missing" | undefined;
};

const sound: Rot = { entries: [], snapshot: undefined };

/** What can go wrong with a write. */
export type DiskFailure = "error" | "full";

/** One disk. */
export class Disk {
  readonly behaviour: DiskBehaviour;
  readonly counters: DiskCounters = { slowFlush: 0, lateReport: 0, lostWrites: 0, tornWrites: 0 };
  readonly #world: World;
  readonly #random: SeededRandom;
  #visible = new LogImage();
  #durable = new LogImage();
  /** In order of arrival. The first `#flushing` of them are in the flush that is running. */
  #underWay: UnderWay[] = [];
  #flushing = 0;
  #flush: Planned | undefined;
  #stalledUntilMs = 0;
  #armed: DiskFailure | undefined;
  #failure: QuorateError | undefined;
  /** What was on the disks that are gone. */
  readonly #stores: LogImage[] = [];
  #rot: Rot = sound;

  constructor(options: { readonly world: World; readonly random: SeededRandom; readonly behaviour: DiskBehaviour }) {
    this.#world = options.world;
    this.#random = options.random;
    this.behaviour = options.behaviour;
  }

  /** What a read sees. */
  get visible(): LogImage {
    return this.#visible;
  }

  /** What a loss of power would leave. */
  get durable(): LogImage {
    return this.#durable;
  }

  /** What is on the disk, and what was on those that it has replaced. */
  get stores(): readonly LogImage[] {
    return [this.#durable, ...this.#stores];
  }

  /** Why everything is refused until a new process opens the disk; undefined while it works. */
  get failure(): QuorateError | undefined {
    return this.#failure;
  }

  /** What must not be used any more, because its checksum or its place does not hold. */
  get rot(): Rot {
    const { base, lastIndex } = this.#durable;
    const entries = this.#rot.entries.filter((index) => index > base.index && index <= lastIndex);
    return { ...this.#rot, entries };
  }

  get isRotten(): boolean {
    return this.rot.entries.length > 0 || this.rot.snapshot !== undefined;
  }

  /** The records of entries go bad. False if none of them is stored. */
  decayEntries(indexes: readonly number[]): boolean {
    this.#rot = { ...this.#rot, entries: [...this.#rot.entries, ...indexes] };
    return this.rot.entries.length > 0;
  }

  /** The snapshot goes bad, or is gone. False if there is none, or if the log does without it. */
  decaySnapshot(how: "damaged" | "missing"): boolean {
    const { snapshot, base } = this.#durable;
    if (snapshot === undefined || (how === "missing" && base.index === 0)) return false;
    this.#rot = { ...this.#rot, snapshot: how };
    return true;
  }

  /** Somebody puts an empty disk in its place. No process may be running. */
  wipe(): void {
    this.#stores.push(this.#durable);
    this.#visible = new LogImage();
    this.#durable = new LogImage();
    this.#rot = sound;
    this.#failure = undefined;
    this.#armed = undefined;
  }

  /** A new process opens what the last one left. */
  open(): void {
    this.#failure = undefined;
    this.#armed = undefined;
    this.#visible = this.#durable.copy();
  }

  /** Starts an operation. */
  submit(operation: DiskOperation, report: Report): void {
    if (this.#failure !== undefined) {
      report(0, this.#failure);
      return;
    }
    this.#visible.take(operation);
    this.#underWay.push({ operation, report });
    if (this.#flush === undefined) this.#startFlush();
  }

  /** Nothing becomes durable for a while. */
  stall(ms: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#world.nowMs + ms);
  }

  /** The next flush fails. */
  failNextFlush(failure: DiskFailure): void {
    this.#armed = failure;
  }

  /** The power goes, or the process: any number of the operations under way may have reached the disk, in order. */
  crash(): void {
    if (this.#flush !== undefined) this.#flush.isCancelled = true;
    this.#flush = undefined;
    const lost = this.#keepPrefix();
    this.counters.lostWrites += lost.length;
    // A torn write fails its checksum and is dropped whole at the next start, so it looks like one that never began.
    if (lost.length > 0 && this.#random.chance(0.5)) this.counters.tornWrites += 1;
  }

  /** Ends every misbehaviour. */
  heal(): void {
    this.behaviour.slowFlush = 0;
    this.behaviour.lateReport = 0;
    this.#stalledUntilMs = 0;
    this.#armed = undefined;
  }

  #startFlush(): void {
    this.#flushing = this.#underWay.length;
    this.#flush = this.#world.after(this.#flushDurationMs(), () => this.#onFlushed());
  }

  #flushDurationMs(): number {
    const { flushMs, slowFlush, slowFlushMs } = this.behaviour;
    if (!this.#random.chance(slowFlush)) return this.#random.between(...flushMs);
    this.counters.slowFlush += 1;
    return this.#random.between(flushMs[1], slowFlushMs);
  }

  #onFlushed(): void {
    if (this.#world.nowMs < this.#stalledUntilMs) {
      this.#flush = this.#world.at(this.#stalledUntilMs, () => this.#onFlushed());
      return;
    }
    this.#flush = undefined;
    if (this.#armed !== undefined) {
      this.#fail(this.#armed);
      return;
    }
    const done = this.#underWay.splice(0, this.#flushing);
    const isLate = this.#random.chance(this.behaviour.lateReport);
    if (isLate) this.counters.lateReport += 1;
    for (const { operation, report } of done) {
      this.#durable.take(operation);
      report(isLate ? this.#random.between(0, 30) : 0, undefined);
    }
    if (this.#underWay.length > 0) this.#startFlush();
  }

  /** Fail closed: what is under way is refused, and everything after it. */
  #fail(kind: DiskFailure): void {
    this.#armed = undefined;
    const failure = storageFailed(kind);
    this.#failure = failure;
    const refused = this.#underWay.slice();
    this.#keepPrefix();
    for (const { report } of refused) report(0, failure);
  }

  /** Makes a random prefix of what is under way durable and returns what was not kept. */
  #keepPrefix(): readonly UnderWay[] {
    const kept = this.#random.integer(this.#underWay.length + 1);
    for (const { operation } of this.#underWay.slice(0, kept)) this.#durable.take(operation);
    const lost = this.#underWay.slice(kept);
    this.#underWay = [];
    return lost;
  }
}

function storageFailed(kind: DiskFailure): QuorateError {
  const [cause, words] = kind === "full" ? ["ENOSPC", "no space left on the disk"] : ["EIO", "input/output error"];
  return new QuorateError({
    code: "QUORATE_STORAGE_FAILED",
    message: `The simulated disk refused a write: ${words}.`,
    hint: "Part of the simulation: the node must stop, and may come back when the disk works again.",
    details: { cause },
  });
}

/** True for the failures that {@link Disk} injects. */
export function isInjectedFailure(error: unknown): boolean {
  return codeOf(error) === "QUORATE_STORAGE_FAILED";
}
