// The demo with hands: keys hurt nodes and network while the picture shows what the cluster makes of it.

import { Controls, keysHelp } from "./controls.ts";
import { listenForKeys } from "./keys.ts";
import type { Statuses } from "./observer.ts";
import type { DemoOptions } from "./options.ts";
import type { Verdict } from "./proof.ts";
import { type NodeRow, Screen } from "./screen.ts";
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

async function drawUntil(
  state: { readonly drawing: boolean },
  { session, demo, events }: { readonly session: Session; readonly demo: DemoOptions; readonly events: EventList },
): Promise<void> {
  const { cluster, ledger, observer } = session;
  const screen = new Screen(process.stdout);
  const title = `quorate demo  ${demo.nodes} nodes, ${demo.transport}, ${demo.storage} storage in a temporary directory, ${demo.network} network`;
  while (state.drawing) {
    const statuses: Statuses = await observer.statuses();
    const nowMs = performance.now();
    screen.draw({
      title,
      rows: cluster.members.map(({ id, url }) => ({
        id,
        url,
        condition: conditionOf(session, id),
      })),
      statuses,
      acknowledged: ledger.acknowledged,
      perSecond: ledger.acknowledgedSince(nowMs - 1000),
      underWay: ledger.open.length,
      events: events.lines,
      keys: keysHelp,
    });
    await delay(redrawEveryMs);
  }
}

function conditionOf({ cluster, cutOff }: Session, id: string): NodeRow["condition"] {
  if (!cluster.isRunning(id)) return "down";
  if (cluster.isPaused(id)) return "paused";
  return id === cutOff ? "cut off" : "running";
}
