// One life of a node's process. It can be paused, and it can end at any moment, also in the middle of a turn: whatever it
// was about to do then does not happen.

import type { Planned } from "../world/event-queue.ts";
import type { World } from "../world/world.ts";

/** The shortest time in which an event loop comes round. */
const TURN_MS = 0.05;

/** A process between its start and its crash. */
export class Process {
  readonly #world: World;
  readonly #afterTurn: () => void;
  readonly #delayMs: () => number;
  /** Calls of clients that wait for this process; while there are any, a turn may settle promises. */
  openCalls = 0;
  #isAlive = true;
  #isPaused = false;
  #held: (() => void)[] = [];
  /** How many more things the process does before it dies; undefined for any number. */
  #actionsLeft: number | undefined;

  constructor(options: {
    readonly world: World;
    /** Called after every turn of the node's loop. */
    readonly afterTurn: () => void;
    /** By how much the next turn is late; 0 for a loop that is as quick as it can be. */
    readonly delayMs: () => number;
  }) {
    this.#world = options.world;
    this.#afterTurn = options.afterTurn;
    this.#delayMs = options.delayMs;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Work that reaches this process in `delayMs`: later if it is paused then, never if it is dead. */
  post(delayMs: number, work: () => void): Planned {
    return this.#world.after(delayMs, () => {
      if (!this.#isAlive) return;
      if (this.#isPaused) this.#held.push(work);
      else work();
    });
  }

  /** Work that the node puts off until its event loop comes round. It tells whether it was a turn of the node's loop. */
  postTurn(work: () => boolean): void {
    this.post(TURN_MS + this.#delayMs(), () => this.#cameRound(work()));
  }

  /** A turn of a loop that needs not come round first: at once, unless it is late. */
  takeTurn(turn: () => void): void {
    const delayMs = this.#delayMs();
    if (delayMs === 0) this.#take(turn);
    else this.post(delayMs, () => this.#take(turn));
  }

  /** Asked before every effect on the outside world: false if the process has died. */
  mayAct(): boolean {
    if (!this.#isAlive) return false;
    if (this.#actionsLeft === undefined) return true;
    this.#actionsLeft -= 1;
    if (this.#actionsLeft < 0) this.#isAlive = false;
    return this.#isAlive;
  }

  /** Dies in the middle of a turn, after a few more effects; `undefined` calls it off. */
  dieAfter(actions: number | undefined): void {
    this.#actionsLeft = actions;
  }

  /** Stops to run, as after SIGSTOP: what reaches it waits. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on: first what has waited, in order. */
  resume(): void {
    this.#isPaused = false;
    const held = this.#held;
    this.#held = [];
    for (const work of held) this.post(0, work);
  }

  /** Dies at once. */
  kill(): void {
    this.#isAlive = false;
    this.#held = [];
  }

  #take(turn: () => void): void {
    turn();
    this.#cameRound(true);
  }

  /** The loop has done what it had put off; `wasTurn` if it took a turn. */
  #cameRound(wasTurn: boolean): void {
    if (this.openCalls > 0 || !wasTurn) this.#world.promisesSettled();
    if (wasTurn) this.#afterTurn();
  }
}
