// A follower that was down for a hundred thousand entries catches up.
import { Agent, request } from "node:http";
import { expect, test } from "vitest";
import { inParallel, others, startCluster, transports } from "./harness.ts";

const entries = 100_000;
/** As many requests wait for one round of replication; more only wait in line. */
const concurrency = 256;

test.each(transports)(
  "over %s, a follower that was down for 100,000 entries catches up",
  {
    timeout: 180_000,
  },
  async (transport) => {
    const { cluster, observer, client } = await startCluster(3, {}, transport);
    const leader = await observer.leader();
    const [down = ""] = others(cluster, leader.id);
    await cluster.kill(down);

    const add = adder(`${cluster.member(leader.id).url}/v1/counters/bulk/increments`);
    await inParallel(entries, concurrency, async () => {
      // Should this node lose its leadership on a busy machine, the client finds the next one.
      if (!(await add.send())) await client.counter("bulk").add();
    });
    add.close();

    await cluster.start(down);
    const { lastApplied } = await observer.leader();
    expect(lastApplied).toBeGreaterThan(entries);
    await observer.applied(lastApplied, [down]);
    const statuses = await observer.settled(lastApplied);
    expect(new Set([...statuses.values()].map(({ stateHash }) => stateHash)).size).toBe(1);
  },
);

/** Plain requests over kept connections to one node, several times faster than fetch. `send` says whether it was taken. */
function adder(url: string): { send(): Promise<boolean>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const headers = { "content-type": "application/json", "content-length": 2 };
  return {
    send: () =>
      new Promise((resolve) => {
        const sent = request(url, { agent, method: "POST", headers }, (response) => {
          response.resume();
          response.once("close", () => resolve(response.statusCode === 200));
        });
        sent.once("error", () => resolve(false));
        sent.end("{}");
      }),
    close: () => agent.destroy(),
  };
}
