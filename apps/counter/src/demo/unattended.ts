// The demo without hands: load, kills at even intervals, restart, proof, verdict.

import type { DemoOptions } from "./options.ts";
import type { Verdict } from "./proof.ts";
import type { Session } from "./session.ts";
import type { Story } from "./story.ts";
import { delay } from "./wait.ts";

/** How long a killed node stays down after the others have recovered, so that it has something to catch up. */
const downMs = 500;

/** Runs the load for the asked time with the asked number of kills, then proves. */
export async function runUnattended(session: Session, demo: DemoOptions, story: Story): Promise<Verdict> {
  const startedMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedMs;
  session.startLoad();
  const progress = setInterval(() => {
    const { acknowledged, open } = session.ledger;
    story.tell(`${acknowledged} writes acknowledged, ${open.length} under way`);
  }, 1000);
  try {
    for (let kill = 1; kill <= demo.kills; kill += 1) {
      await delay(Math.max(0, (demo.seconds * 1000 * kill) / (demo.kills + 1) - elapsedMs()));
      const dead = await session.killLeader();
      if (session.cluster.isRunning(dead)) continue;
      await delay(downMs);
      await session.restart(dead);
    }
    await delay(Math.max(0, demo.seconds * 1000 - elapsedMs()));
  } finally {
    clearInterval(progress);
  }
  return session.prove();
}
