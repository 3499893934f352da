// The demo with hands: keys hurt nodes and network while the picture shows what the cluster makes of it.

import { Controls, keysHelp } from "./controls.ts";
import { listenForKeys } from "./keys.ts";
import type { Statuses } from "./observer.ts";
import type { DemoOptions } from "./options.ts";
import { type OpenPage, pageIsNotBuilt } from "./page/open-page.ts";
import type { Verdict } from "./proof.ts";
import { Screen } from "./screen.ts";
import type { Session } from "./session.ts";
import type { EventList } from "./story.ts";
import { delay } from "./wait.ts";

const redrawEveryMs = 200;

/** Runs until `q` is pressed or the page ends the run, then proves. */
export async function runInteractive(options: {
  readonly session: Session;
  readonly demo: DemoOptions;
  readonly events: EventList;
  readonly page: OpenPage | undefined;
  /** Aborted when the page ends the run. */
  readonly ended: AbortSignal;
  readonly signal: AbortSignal;
  readonly onInterrupt: () => void;
}): Promise<Verdict> {
  const { session, events, ended, signal, onInterrupt } = options;
  const quit = Promise.withResolvers<void>();
  for (const end of [ended, signal]) end.addEventListener("abort", () => quit.resolve(), { once: true });
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

type Shown = {
  readonly session: Session;
  readonly demo: DemoOptions;
  readonly events: EventList;
  readonly page: OpenPage | undefined;
};

async function drawUntil(state: { readonly drawing: boolean }, { session, demo, events, page }: Shown): Promise<void> {
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
        condition: session.conditionOf(id),
      })),
      statuses,
      acknowledged: ledger.acknowledged,
      perSecond: ledger.acknowledgedSince(nowMs - 1000),
      underWay: ledger.open.length,
      events: events.events.map(({ time, text }) => `${time}  ${text}`),
      keys: keysHelp,
      page: page?.url ?? pageIsNotBuilt,
    });
    await delay(redrawEveryMs);
  }
}
