// The demo's network, between real processes: keys cut the leader off and heal, and only the demo's nodes can be told to.
import { describe, expect, onTestFinished, test } from "vitest";
import { Cluster } from "../../src/demo/cluster.ts";
import { Controls } from "../../src/demo/controls.ts";
import { parseOptions } from "../../src/demo/options.ts";
import { serverCommand } from "../../src/demo/server-command.ts";
import { Session } from "../../src/demo/session.ts";
import { until } from "../../src/demo/wait.ts";

const timeoutMs = 60_000;

/** A session as the interactive demo has it, with what it tells. */
async function startSession(...args: readonly string[]) {
  const demo = parseOptions(args, true);
  if (demo === undefined) throw new Error("the options ask for help");
  const told: string[] = [];
  const story = { tell: (line: string) => void told.push(line) };
  const { signal } = new AbortController();
  const session = await Session.start({ demo, story, signal, onFailure: (message) => told.push(message) });
  onTestFinished(() => session.close());
  return { session, told, controls: new Controls(session, story) };
}

describe("the keys", { timeout: timeoutMs }, () => {
  test("p cuts the leader off, so that another one leads, and h lets it come back", async () => {
    const { session, told, controls } = await startSession();
    const first = await session.observer.leader();
    session.startLoad();
    controls.press("p");
    await controls.idle();
    expect(session.network.isCutOff(first.id)).toBe(true);
    const next = await session.observer.leader(first.term);
    expect(next.id).not.toBe(first.id);
    await until({ what: "a lonely leader that steps down", withinMs: 20_000 }, async () => {
      const lonely = (await session.observer.statuses()).get(first.id);
      return lonely?.role !== "leader" && lonely?.leader === null ? true : undefined;
    });
    controls.press("h");
    await controls.idle();
    expect(session.network.hasCuts).toBe(false);
    await session.catchUp(first.id);
    expect((await session.prove()).problems).toEqual([]);
    expect(told.join("\n")).toMatch(
      new RegExp(`${first.id} cut off from the others[^]*n\\d LEADER term[^]*hear each other again[^]*kept away`),
    );
  });

  test("a session begins when every node knows that the cluster is formed, so that any of them can be taken away", async () => {
    const { session } = await startSession("--network", "bad");
    const statuses = await session.observer.statuses();
    expect([...statuses.values()].map(({ lastApplied }) => lastApplied > 0)).toEqual([true, true, true]);
  });

  test("a node that is killed while it is cut off is still cut off when it is back", async () => {
    const { session, told, controls } = await startSession("--network", "bad");
    session.startLoad();
    const lonely = await session.cutOffLeader();
    await session.cluster.kill(lonely);
    controls.press("r");
    await controls.idle();
    expect(told.at(-1)).toBe(`${lonely} is back, and still cut off`);
    const { term } = await session.observer.leader();
    const statuses = await session.observer.statuses();
    expect(statuses.get(lonely)).toMatchObject({ leader: null });
    expect(statuses.get(lonely)?.term).toBeLessThan(term);
    expect((await session.prove()).problems).toEqual([]);
  });
});

test(
  "a node of `quorate start` does not listen to the demo",
  async () => {
    const options = { command: serverCommand(), nodes: 1, transport: "tcp", storage: "file" };
    const cluster = await Cluster.create(options);
    onTestFinished(() => cluster.close());
    const node = await cluster.start("n1");
    const answer = node.tell({ type: "count" });
    await cluster.kill("n1", "SIGTERM");
    expect(await answer).toBeUndefined();
    expect(await node.exited).toEqual({ code: 0, signal: null });
  },
  timeoutMs,
);
