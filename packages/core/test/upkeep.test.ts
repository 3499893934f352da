// What a leader changes about the membership by itself: promised votes.
import { describe, expect, test } from "vitest";
import { LoneServer } from "./support/lone-server.ts";

const add = { type: "addLearner", id: "n4", promotes: true } as const;

/** A leader of three with 20 committed entries that has just added n4, with a promise. */
function withPromise(): LoneServer {
  const server = new LoneServer({ limits: { maxPromotionLag: 5 } });
  server.elect();
  for (let count = 0; count < 20; count++) server.raft.propose(Uint8Array.of(count));
  acknowledge(server, "n2");
  expect(server.raft.proposeConfiguration({ changes: [add] })).toMatchObject({ accepted: true });
  acknowledge(server, "n2");
  return server;
}

function acknowledge(server: LoneServer, from: string, matchIndex = server.raft.status().lastIndex): void {
  server.messages();
  server.tell({ type: "appendResponse", from, term: 1, accepted: true, matchIndex });
}

const voters = (server: LoneServer) => server.raft.status().configuration.voters;

describe("a learner that was promised a vote", () => {
  test("gets it when it lacks no more entries than the limit, and the promise is over", () => {
    const server = withPromise();
    acknowledge(server, "n4", 16);
    expect(voters(server)).not.toContain("n4");
    acknowledge(server, "n4", 17);
    expect(voters(server)).toContain("n4");
    expect(server.raft.status().configuration.records).toBeUndefined();
  });

  test("does not get it before it was heard, however short the log is", () => {
    const server = new LoneServer();
    server.elect();
    acknowledge(server, "n2");
    server.raft.proposeConfiguration({ changes: [add] });
    acknowledge(server, "n2");
    expect(voters(server)).not.toContain("n4");
  });

  test("does not get it while it is silent, and gets it when it is back", () => {
    const server = withPromise();
    server.raft.proposeConfiguration({ changes: [{ type: "addLearner", id: "n5" }] });
    acknowledge(server, "n4");
    for (let round = 1; round < 8; round++) {
      server.wait(50);
      for (const from of ["n2", "n3"]) server.tell({ type: "heartbeatResponse", from, term: 1, round });
    }
    acknowledge(server, "n2");
    expect(voters(server)).not.toContain("n4");
    acknowledge(server, "n4");
    expect(voters(server)).toContain("n4");
  });

  test("gets it from the next leader, which finds the promise in its log", () => {
    const server = withPromise();
    const log = server.disk;
    const next = new LoneServer({ log, term: 1, limits: { maxPromotionLag: 5 } });
    next.elect();
    next.tell({ type: "appendResponse", from: "n2", term: 2, accepted: true, matchIndex: 22 + 1 });
    next.tell({ type: "appendResponse", from: "n4", term: 2, accepted: true, matchIndex: 22 + 1 });
    expect(voters(next)).toContain("n4");
  });

  test("does not get it while another change is under way", () => {
    const server = withPromise();
    server.raft.proposeConfiguration({ changes: [{ type: "addLearner", id: "n5" }] });
    acknowledge(server, "n4");
    expect(voters(server)).not.toContain("n4");
    acknowledge(server, "n2");
    expect(voters(server)).toContain("n4");
  });
});

test("a learner without a promise stays one", () => {
  const server = new LoneServer();
  server.elect();
  acknowledge(server, "n2");
  server.raft.proposeConfiguration({ changes: [{ type: "addLearner", id: "n4" }] });
  acknowledge(server, "n2");
  acknowledge(server, "n4");
  server.wait(100);
  expect(voters(server)).not.toContain("n4");
});
