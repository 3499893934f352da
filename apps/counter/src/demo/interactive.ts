// The demo with hands: keys kill, pause and restart nodes while the picture shows what the cluster makes of it.

import { listenForKeys } from "./keys.ts";
import type { Statuses } from "./observer.ts";
import type { DemoOptions } from "./options.ts";
import type { Verdict } from "./proof.ts";
import { Screen } from "./screen.ts";
import type { Session } from "./session.ts";
import { type Story, timeOfDay } from "./story.ts";
import { delay } from "./wait.ts";

const redrawEveryMs = 200;

/** Collects events for the picture. */
export class EventList implements Story {
  readonly lines: string[] = [];

  tell(line: string): void {
    this.lines.push(`${timeOfDay()}  ${line}`);
  }
}

/** Runs until `q` is pressed, then proves. */
export async function runInteractive(options: {
  readonly session: Session;
  readonly demo: DemoOptions;
  readonly events: EventList;
  readonly signal: AbortSignal;
  readonly onInterrupt: () => void;
}): Promise<Verdict> {
  const { session, events, signal, onInterrupt } = options;
  const quit = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => quit.resolve(), { once: true });
  const controls = new Controls(session, events);
  const stopListening = listenForKeys(process.stdin, (key) => {
    if (key === "q") quit.resolve();
    else if (key === "\u0003") onInterrupt();
    else controls.press(key);
  });
  session.startLoad();
  const state = { drawing: true };
  const drawn = drawUntil(state, options);
  await quit.promise;
  stopListening();
  await controls.idle();
  state.drawing = false;
  await drawn;
  signal.throwIfAborted();
  console.log("\nproving: ending the load and reading every acknowledged write from each replica …");
  return session.prove();
}

/** What keys do, one thing after the other. */
class Controls {
  readonly #session: Session;
  readonly #events: EventList;
  #work: Promise<void> = Promise.resolve();

  constructor(session: Session, events: EventList) {
    this.#session = session;
    this.#events = events;
  }

  press(key: string): void {
    const action = this.#actionOf(key);
    if (action === undefined) return;
    this.#work = this.#work.then(action).catch((error: unknown) => {
      this.#events.tell(error instanceof Error ? error.message : String(error));
    });
  }

  /** Resolves when everything that was pressed is done. */
  idle(): Promise<void> {
    return this.#work;
  }

  #actionOf(key: string): (() => Promise<void>) | undefined {
    switch (key) {
      case "k":
        return async () => {
          await this.#session.killLeader();
        };
      case "p":
        return () => this.#pauseOrResume();
      case "r":
        return () => this.#restartDead();
      default:
        return undefined;
    }
  }

  async #pauseOrResume(): Promise<void> {
    const { cluster } = this.#session;
    const paused = cluster.members.find(({ id }) => cluster.isPaused(id));
    if (paused !== undefined) {
      cluster.resume(paused.id);
      this.#events.tell(`${paused.id} resumed (SIGCONT)`);
      return;
    }
    await this.#session.pauseLeader();
  }

  async #restartDead(): Promise<void> {
    const { cluster } = this.#session;
    const dead = cluster.members.filter(({ id }) => !cluster.isRunning(id));
    if (dead.length === 0) this.#events.tell("all nodes are running");
    for (const { id } of dead) await this.#session.restart(id);
  }
}

async function drawUntil(
  state: { readonly drawing: boolean },
  { session, demo, events }: { readonly session: Session; readonly demo: DemoOptions; readonly events: EventList },
): Promise<void> {
  const { cluster, ledger, observer } = session;
  const screen = new Screen(process.stdout);
  const title = `quorate demo  ${demo.nodes} nodes, ${demo.transport}, ${demo.storage} storage in a temporary directory`;
  while (state.drawing) {
    const statuses: Statuses = await observer.statuses();
    const nowMs = performance.now();
    screen.draw({
      title,
      rows: cluster.members.map(({ id, url }) => ({
        id,
        url,
        condition: cluster.isPaused(id) ? "paused" : cluster.isRunning(id) ? "running" : "down",
      })),
      statuses,
      acknowledged: ledger.acknowledged,
      perSecond: ledger.acknowledgedSince(nowMs - 1000),
      underWay: ledger.open.length,
      events: events.lines,
      keys: "k kill leader   p pause/resume   r restart   q quit and prove",
    });
    await delay(redrawEveryMs);
  }
}
