// What the core is configured with: defaults, bounds, and the combinations that are refused.
import { expect, test } from "vitest";
import { defaultLimits, Raft, type RaftOptions, RaftOptionsError } from "../src/index.ts";
import { LoneServer } from "./support/lone-server.ts";

const configuration = { voters: ["n1", "n2", "n3"], learners: [] };

function raftWith(options: Partial<RaftOptions>): Raft {
  return new Raft({ id: "n1", configuration, random: () => 0.5, ...options });
}

test("options that are not given have their defaults, and can be read back", () => {
  expect(raftWith({}).options).toMatchObject({
    timing: { electionTimeoutMs: [150, 300], heartbeatMs: 50, diskStallMs: 1_000 },
    protection: { preVote: true, leaderLease: true, checkQuorum: true },
    reads: { lease: false, maxClockDrift: 0.1 },
    limits: defaultLimits,
    checkInvariants: false,
  });
});

test.each<[string, Partial<RaftOptions>, RegExp]>([
  ["a disk that may stall for no time", { timing: { diskStallMs: 0 } }, /diskStallMs is 0/],
  ["a heartbeat without end", { timing: { heartbeatMs: Number.POSITIVE_INFINITY } }, /heartbeatMs is Infinity/],
  ["an election timeout of nothing", { timing: { electionTimeoutMs: [0, 10] } }, /electionTimeoutMs is \[0, 10\]/],
  [
    "an election timeout upside down",
    { timing: { electionTimeoutMs: [300, 150] } },
    /electionTimeoutMs is \[300, 150\]/,
  ],
  ["an endless election timeout", { timing: { electionTimeoutMs: [150, Number.POSITIVE_INFINITY] } }, /Infinity\]/],
  ["a negative clock drift", { reads: { maxClockDrift: -0.1 } }, /maxClockDrift is -0.1/],
  ["a limit of zero", { limits: { maxAppendBytes: 0 } }, /maxAppendBytes is 0/],
  ["half a message in flight", { limits: { maxInflightMessages: 0.5 } }, /maxInflightMessages is 0.5/],
  ["a cluster without voters", { configuration: { voters: [], learners: ["n1"] } }, /no voters/],
  ["a server that is named twice", { configuration: { voters: ["n1", "n1"], learners: [] } }, /"n1" is named twice/],
  ["a voter that is a learner too", { configuration: { voters: ["n1"], learners: ["n1"] } }, /"n1" is named twice/],
  ["a server without a name", { configuration: { voters: ["n1", ""], learners: [] } }, /empty id/],
  ["a joint configuration at the start", { configuration: { ...configuration, outgoing: ["n4"] } }, /joint one/],
])("%s is refused with the values and what to do instead", (_, options, message) => {
  expect(() => raftWith(options)).toThrow(message);
  expect(() => raftWith(options)).toThrow(expect.objectContaining({ hint: expect.stringMatching(/./) }));
  expect(() => raftWith(options)).toThrow(RaftOptionsError);
});

test("a status and an explanation can be asked for a later moment than that of the last input", () => {
  const server = new LoneServer();
  server.tell({ type: "heartbeatRequest", from: "n2", term: 1, commitIndex: 0, round: 1 });
  expect(server.raft.status(40)).toMatchObject({ leaderId: "n2", leaderHeardMsAgo: 40, stateAgeMs: 40 });
  expect(server.raft.explain(100)).toBe("n1 follows n2 in term 1, heard 100 ms ago.");
});

test("a server without a vote explains what it waits for", () => {
  const raft = raftWith({ id: "n9", configuration: { voters: ["n1", "n2"], learners: ["n9"] } });
  expect(raft.explain()).toBe("n9 has no vote and waits for a leader of term 0 or later.");
});

test("a candidate that has lost explains that it cannot win", () => {
  const server = new LoneServer({ protection: { preVote: false } });
  server.wait(225);
  for (const from of ["n2", "n3"]) server.tell({ type: "voteResponse", from, term: 1, granted: false });
  expect(server.raft.explain()).toBe(
    "n1 campaigns in term 1: needs 2 of 3 votes.\nFor it: n1. Against: n2, n3. No answer: nobody. It cannot win any more.",
  );
});
