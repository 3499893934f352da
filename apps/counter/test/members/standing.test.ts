// What a node finds out and says about its place in the cluster when it has not heard of a leader for long.

import type { NodeStatus } from "@quorate/node";
import { beforeEach, expect, test } from "vitest";
import { AddressBook } from "../../src/members/address-book.ts";
import { type Notice, Standing } from "../../src/members/standing.ts";
import { ManualClock } from "../support/manual-clock.ts";

const configuration = { voters: ["n1", "n2"], learners: [] };

let clock: ManualClock;
let asked: number[];
let notices: Notice[];
let introduced: (readonly string[])[];

beforeEach(() => {
  clock = new ManualClock();
  asked = [];
  notices = [];
  introduced = [];
});

/** n1, which follows nobody; n2 answers with these members, whose configuration is newer and committed. */
function leaderless(members: readonly string[]): Standing {
  const status = { configuration, configurationIndex: 1, commitIndex: 5, leaderId: undefined };
  return new Standing({
    clusterId: "demo",
    nodeId: "n1",
    clock,
    joins: false,
    onNotice: (notice) => notices.push(notice),
    addresses: new AddressBook({
      members: new Map([["n2", { http: "http://n2" }]]),
      trustsLog: true,
      configuration: () => configuration,
    }),
    node: {
      // Only what a standing reads.
      currentStatus: () => status as unknown as NodeStatus,
      explain: () => "no leader",
      introduce: (peers) => introduced.push([...peers.keys()]),
    },
    fetch: () => {
      asked.push(clock.now());
      const answer = members.map((id) => ({ id, peer: `${id}:1`, http: `http://${id}` }));
      const body = { cluster: "demo", configurationIndex: 9, committed: true, members: answer };
      return Promise.resolve(new Response(JSON.stringify(body)));
    },
  });
}

/** An election every 500 ms, none of which leads to anything. */
async function campaign(standing: Standing, elections: number): Promise<void> {
  for (let election = 0; election < elections; election += 1) {
    await clock.advance(500);
    standing.onEvent({ type: "electionStarted", term: 7, preVote: true, waitedMs: 500 });
  }
}

test("a node that nobody tells of its removal asks the others and says that it was removed", async () => {
  const standing = leaderless(["n2", "n3"]);
  await campaign(standing, 5);
  expect(asked).toEqual([]);
  expect(standing.explain()).toBe("no leader");
  await campaign(standing, 60);
  expect(asked).toHaveLength(1);
  expect(standing.explain()).toMatch(
    /^n1 was removed from the cluster: according to http:\/\/n2.* n2, n3 since index 9/,
  );
  expect(notices.map(({ type }) => type)).toEqual(["noLeader", "removed"]);
  standing.close();
});

test("a member that hears no leader gets to know the newest members, is told so once, and goes on asking every 3 s", async () => {
  const standing = leaderless(["n1", "n3", "n4"]);
  await campaign(standing, 60);
  expect(introduced.length).toBe(asked.length);
  expect(introduced[0]).toEqual(["n1", "n3", "n4"]);
  expect(asked.length).toBeGreaterThan(5);
  const pauses = asked.slice(1).map((atMs, position) => atMs - (asked[position] ?? 0));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(3000);
  expect(notices.map(({ type }) => type)).toEqual(["noLeader", "membersHeard"]);
  standing.close();
});
