// The demo without hands: load, blows to the leader at even intervals, recovery, proof, verdict.

import type { DemoOptions } from "./options.ts";
import type { Verdict } from "./proof.ts";
import type { Session } from "./session.ts";
import type { Story } from "./story.ts";
import { delay, delayUnless } from "./wait.ts";

/** How long a node stays down or cut off after the others have recovered, so that it has something to catch up. */
const downMs = 500;

/** Runs the load for the asked time with the asked number of blows, or until the page ends it, then proves. */
export async function runUnattended(options: {
  readonly session: Session;
  readonly demo: DemoOptions;
  /** Is told how far the load is. */
  readonly story: Story;
  /** Aborted when the page ends the run. */
  readonly ended: AbortSignal;
}): Promise<Verdict> {
  const { session, demo, story, ended } = options;
  const startedMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedMs;
  session.startLoad();
  const progress = setInterval(() => {
    const { acknowledged, open } = session.ledger;
    story.tell(`${acknowledged} writes acknowledged, ${open.length} under way`);
  }, 1000);
  try {
    const blows = demo.partitions + demo.kills;
    for (let blow = 1; blow <= blows; blow += 1) {
      await delayUnless(ended, (demo.seconds * 1000 * blow) / (blows + 1) - elapsedMs());
      if (ended.aborted) break;
      await (blow <= demo.partitions ? cutOffAndHeal(session) : killAndRestart(session));
    }
    await delayUnless(ended, demo.seconds * 1000 - elapsedMs());
  } finally {
    clearInterval(progress);
  }
  return session.prove();
}

async function cutOffAndHeal(session: Session): Promise<void> {
  const lonely = await session.cutOffLeader();
  await delay(downMs);
  await session.heal();
  await session.catchUp(lonely);
}

async function killAndRestart(session: Session): Promise<void> {
  const dead = await session.killLeader();
  if (session.cluster.isRunning(dead)) return;
  await delay(downMs);
  await session.restart(dead);
}
