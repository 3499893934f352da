// What the nemesis has done, as plain data: a list of these is a script that a run can follow instead of chance. Everything is
// decided when an action is written down, so the same script does the same again.

import type { MembershipChange } from "@quorate/core";
import type { DiskFailure } from "../ports/disk.ts";

/** One direction between two nodes, for example `n1>n2`. */
export type LinkName = `${string}>${string}`;

/** The shapes of broken networks that last for a while. */
export type CutFault = "partition" | "isolate" | "oneWay" | "bridge";

/** One misfortune. What it hits may not be there when a script is followed in another run: then it does nothing. */
export type Action =
  | { readonly fault: CutFault; readonly links: readonly LinkName[]; readonly forMs: number }
  /** Down, up, down, up, each for a while. */
  | { readonly fault: "flap"; readonly links: readonly LinkName[]; readonly periodsMs: readonly number[] }
  /** One message after the other, each taking a while; what queues up too long is dropped. */
  | {
      readonly fault: "slowLink";
      readonly links: readonly LinkName[];
      readonly messageMs: number;
      readonly forMs: number;
    }
  | { readonly fault: "crash"; readonly node: string; readonly downMs: number }
  /** Dies in its next turn, after so many effects on the outside world. */
  | { readonly fault: "crashMidTurn"; readonly node: string; readonly effects: number }
  /** Whoever is elected next dies after so many effects. */
  | { readonly fault: "crashMidTurn"; readonly node: "next leader"; readonly effects: number }
  /** The process is stopped, and started with another build. */
  | { readonly fault: "upgrade"; readonly node: string; readonly build: string; readonly downMs: number }
  | { readonly fault: "crashAll"; readonly downMs: Readonly<Record<string, number>> }
  | { readonly fault: "pause"; readonly node: string; readonly forMs: number }
  | { readonly fault: "transfer"; readonly node: string; readonly to?: string }
  | {
      readonly fault: "membership";
      /** The leader that is asked. */
      readonly node: string;
      readonly changes: readonly MembershipChange[];
      readonly force: boolean;
      /** The leader dies after so many effects. */
      readonly effects?: number;
      /** All processes die after so many ms, each for so long. */
      readonly crashAll?: { readonly afterMs: number; readonly downMs: Readonly<Record<string, number>> };
    }
  | { readonly fault: "diskStall"; readonly node: string; readonly forMs: number }
  | { readonly fault: "diskError" | "diskFull"; readonly node: string }
  /** A bit changes on the disk: in an entry, or in the snapshot if no index is given. */
  | { readonly fault: "bitRot"; readonly node: string; readonly index?: number }
  /** The record of an entry was written where another one belongs: one is not there, the other one is overwritten. */
  | { readonly fault: "misdirectedWrite"; readonly node: string; readonly index: number; readonly over: number }
  /** The file of the snapshot is gone. */
  | { readonly fault: "lostSnapshot"; readonly node: string }
  /** The state machine throws in the middle of its next batch. */
  | { readonly fault: "applyError"; readonly node: string }
  /** The process dies, and comes back on an empty disk. */
  | { readonly fault: "wipe"; readonly node: string; readonly downMs: number }
  /** The process is stopped and started with the name of another cluster, which must fail. */
  | { readonly fault: "wrongCluster"; readonly node: string };

/** An action and when it happens, in ms of virtual time. */
export type TimedAction = Action & { readonly atMs: number };

/** The failure of a disk that a fault stands for. */
export const diskFailureOf: Readonly<Record<"diskError" | "diskFull", DiskFailure>> = {
  diskError: "error",
  diskFull: "full",
};
