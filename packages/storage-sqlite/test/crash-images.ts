// What a crash may leave on the disk: after any system call, as it was if the process alone dies; with the power, what was not
// synced is there, gone, or there sector by sector, and so are the names that came and went.

import { directoryName, type SystemCall } from "./system-calls.ts";

/** The files after a crash, and how far the program had come. */
export type CrashImage = {
  readonly what: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The last call that was acknowledged, and the last that was begun. */
  readonly acknowledged: number;
  readonly begun: number;
};

type Loss = "nothing" | "everything" | "some sectors" | "everything but names" | "names alone";
const whole: readonly Loss[] = ["nothing", "everything", "everything but names", "names alone"];
const losses: readonly Loss[] = [...whole, ...Array.from({ length: 6 }, () => "some sectors" as const)];
const sectorBytes = 512;

/** Every crash, between any two calls that change something. The program has said `done 0` before the first that counts. */
export function* crashImages(calls: readonly SystemCall[], random: () => number): Generator<CrashImage> {
  const disk = new Disk();
  let acknowledged = -1;
  let begun = 0;
  for (const [position, call] of calls.entries()) {
    if (call.type === "said") {
      const [verb, number] = call.line.split(" ");
      if (verb === "done") acknowledged = Number(number);
      if (verb === "call") begun = Number(number);
    } else disk.take(call);
    if (acknowledged < 0) continue;
    for (const loss of losses) {
      const what = `after call ${position} of the system (${call.type}), losing ${loss}`;
      yield { what, files: disk.after(loss, random), acknowledged, begun };
    }
  }
}

type Inode = { durable: Uint8Array; current: Uint8Array };

class Disk {
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();

  take(call: Exclude<SystemCall, { readonly type: "said" }>): void {
    if (call.type === "sync" && call.name === directoryName) {
      this.#durableNames = new Map(this.#names);
      return;
    }
    const inode = this.#names.get(call.name) ?? { durable: new Uint8Array(0), current: new Uint8Array(0) };
    switch (call.type) {
      case "create":
        this.#names.set(call.name, inode);
        return;
      case "unlink":
        this.#names.delete(call.name);
        return;
      case "sync":
        inode.durable = inode.current;
        return;
      case "truncate":
        inode.current = resized(inode.current, call.sizeBytes);
        return;
      case "write": {
        const end = call.offset + call.bytes.length;
        inode.current = resized(inode.current, Math.max(end, inode.current.length));
        inode.current.set(call.bytes, call.offset);
      }
    }
  }

  after(loss: Loss, random: () => number): ReadonlyMap<string, Uint8Array> {
    const losesNames = loss === "everything" || loss === "names alone";
    const names = losesNames ? this.#durableNames : this.#names;
    return new Map([...names].map(([name, inode]) => [name, contentAfter(inode, loss, random)]));
  }
}

function contentAfter({ durable, current }: Inode, loss: Loss, random: () => number): Uint8Array {
  if (loss === "nothing" || loss === "names alone") return current;
  if (loss !== "some sectors" || durable === current) return durable;
  const survived = resized(durable, random() < 0.5 ? durable.length : current.length);
  for (let at = 0; at < survived.length; at += sectorBytes) {
    if (random() < 0.5) survived.set(current.subarray(at, Math.min(at + sectorBytes, survived.length)), at);
  }
  return survived;
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}
