// Commands, carried out on real processes: what is done, what is refused and why, and that keys see the same.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseOptions } from "../../../src/demo/options.ts";
import { carryOut, parseCommand } from "../../../src/demo/page/commands.ts";
import type { Command } from "../../../src/demo/page/protocol.ts";
import { Session } from "../../../src/demo/session.ts";
import { EventList } from "../../../src/demo/story.ts";
import { until } from "../../../src/demo/wait.ts";

const whole = { cut: false, lossPercent: 0, duplicatePercent: 0, reorderPercent: 0, delayMs: [0, 0] } as const;

describe("what the page sends", () => {
  test.each<Command>([
    { type: "kill", node: "n1" },
    { type: "setLinks", links: [{ from: "n1", to: "n2" }], settings: { ...whole, cut: true, lossPercent: 12.5 } },
    { type: "preset", preset: "splitMinority" },
    { type: "prove" },
  ])("is a command: %j", (command) => {
    expect(parseCommand(JSON.parse(JSON.stringify(command)))).toEqual(command);
  });

  test.each([
    [undefined, "no command"],
    [{ type: "kill" }, "node"],
    [{ type: "kill", node: 1 }, "node"],
    [{ type: "prove", now: true }, "now"],
    [{ type: "preset", preset: "worst" }, "preset"],
    [setLinks({ lossPercent: 101 }), "settings.lossPercent: a percentage is at most 100"],
    [setLinks({ duplicatePercent: -1 }), "a percentage is at least 0"],
    [setLinks({ reorderPercent: "5" }), "a percentage is a number"],
    [setLinks({ delayMs: [0, 10_001] }), "a delay is at most 10000 ms"],
    [setLinks({ delayMs: [20, 10] }), "the shortest delay is at most as long as the longest"],
    [{ ...setLinks({}), links: [] }, "no link is named"],
  ])("is no command: %j", (value, words) => {
    expect(() => parseCommand(value)).toThrow(words);
  });
});

function setLinks(settings: object): object {
  return { type: "setLinks", links: [{ from: "n1", to: "n2" }], settings: { ...whole, ...settings } };
}

describe("a command", { timeout: 60_000 }, () => {
  const events = new EventList();
  let session: Session;
  let ended = 0;
  beforeAll(async () => {
    const demo = parseOptions([], true);
    if (demo === undefined) throw new Error("the options ask for help");
    const { signal } = new AbortController();
    const onFailure = (message: string): void => events.tell(message);
    session = await Session.start({ demo, story: events, signal, onFailure });
  }, 60_000);
  afterAll(() => session.close());

  const order = (command: Command) => carryOut(command, { session, story: events, end: () => (ended += 1) });
  const latest = () => events.events.at(-1)?.text;

  test("kills a node once, and starts it again once", async () => {
    await order({ type: "kill", node: "n1" });
    expect(session.conditionOf("n1")).toBe("down");
    expect(latest()).toBe("n1 killed (SIGKILL)");
    await expect(order({ type: "kill", node: "n1" })).rejects.toThrow("n1 is down already.");
    await expect(order({ type: "pause", node: "n1" })).rejects.toThrow("n1 is down already.");
    await order({ type: "restart", node: "n1" });
    await expect(order({ type: "restart", node: "n1" })).rejects.toThrow("n1 is running already.");
    await until({ what: "n1 to be back", withinMs: 20_000 }, () =>
      latest()?.startsWith("n1 is back") === true ? true : undefined,
    );
  });

  test("pauses a node once, and wakes it once", async () => {
    await order({ type: "pause", node: "n2" });
    expect(session.conditionOf("n2")).toBe("paused");
    await expect(order({ type: "pause", node: "n2" })).rejects.toThrow("n2 is paused already.");
    await order({ type: "resume", node: "n2" });
    expect(session.conditionOf("n2")).toBe("running");
    await expect(order({ type: "resume", node: "n2" })).rejects.toThrow("n2 is not paused.");
  });

  test("about a node that is not there is refused", async () => {
    for (const type of ["kill", "pause", "resume", "restart"] as const) {
      await expect(order({ type, node: "n9" })).rejects.toMatchObject({
        status: 404,
        message: 'There is no node "n9".',
      });
    }
    const links = [{ from: "n1", to: "n9" }];
    await expect(order({ type: "setLinks", links, settings: whole })).rejects.toMatchObject({ status: 404 });
    const self = [{ from: "n1", to: "n1" }];
    await expect(order({ type: "setLinks", links: self, settings: whole })).rejects.toThrow("way to itself");
  });

  test("changes links that the key h then heals", async () => {
    const links = [
      { from: "n1", to: "n2" },
      { from: "n1", to: "n3" },
    ];
    await order({ type: "setLinks", links, settings: { ...whole, cut: true } });
    expect(latest()).toBe("n1→n2, n1→n3 cut");
    expect(session.conditionOf("n1")).toBe("cut off");
    await session.heal();
    expect(session.conditionOf("n1")).toBe("running");
    await order({ type: "setLinks", links, settings: { ...whole, lossPercent: 5, delayMs: [1, 3] } });
    expect(latest()).toBe("n1→n2, n1→n3 5 % lost, late by 1 to 3 ms");
    await order({ type: "preset", preset: "good" });
    expect(session.network.order().links).toEqual([]);
  });

  test("splits off the leader, alone or with the rest of a minority", async () => {
    const leader = await session.observer.leader();
    await order({ type: "preset", preset: "cutOffLeader" });
    expect(session.conditionOf(leader.id)).toBe("cut off");
    const next = await session.observer.leader(leader.term);
    await order({ type: "preset", preset: "splitMinority" });
    expect(session.conditionOf(leader.id)).toBe("running");
    expect(session.conditionOf(next.id)).toBe("cut off");
    await order({ type: "preset", preset: "heal" });
    expect(session.network.hasCuts).toBe(false);
  });

  test("ends the run, after which there are no more commands", async () => {
    await order({ type: "prove" });
    expect(ended).toBe(1);
    // Without any load there is nothing to prove; how it ends is none of this test's business.
    await session.prove();
    await expect(order({ type: "kill", node: "n1" })).rejects.toMatchObject({ status: 409 });
  });
});
