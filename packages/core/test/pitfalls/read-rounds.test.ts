// A leader counts its heartbeat rounds from 1 in each of its terms, so a late heartbeat of an earlier leadership may carry the
// number of a round that is out now. What answers it proves nothing about this term.
import { expect, test } from "vitest";
import { LoneServer } from "../support/lone-server.ts";

test("an answer to a heartbeat of an older term confirms no round of the present one", () => {
  const follower = new LoneServer({ id: "n2", term: 4 });
  follower.tell({ type: "heartbeatRequest", from: "n1", term: 11, commitIndex: 0, round: 6 });
  const [answer] = follower.tell({ type: "heartbeatRequest", from: "n1", term: 4, commitIndex: 0, round: 7 });
  expect(answer).toMatchObject({ type: "heartbeatResponse", to: "n1", term: 11, round: 0 });
});

test("a read waits for an answer that was given after it came", () => {
  const follower = new LoneServer({ id: "n2", term: 0 });
  const leader = new LoneServer({ id: "n1" });
  leader.elect();
  const { term } = leader.raft.status();
  leader.tell({ type: "appendResponse", from: "n2", term, accepted: true, matchIndex: 1 });
  follower.tell({ type: "heartbeatRequest", from: "n1", term, commitIndex: 0, round: 1 });
  const read = leader.raft.readIndex();
  const rounds = leader.messages().flatMap((message) => (message.type === "heartbeatRequest" ? [message.round] : []));
  const round = Math.max(...rounds);
  // From an earlier leadership of the same server, and only now at the follower.
  const [late] = follower.tell({ type: "heartbeatRequest", from: "n1", term: term - 1, commitIndex: 0, round });
  expect(read).toMatchObject({ accepted: true });
  if (late !== undefined) leader.raft.step(late, leader.now);
  expect(leader.ready().confirmedReads).toEqual([]);
});
