// The invariants notice: each law is broken by hand on one server, and the check says which facts contradict it.
import { describe, expect, test } from "vitest";
import { encodeConfiguration, InvariantViolation, Raft } from "../src/index.ts";
import { checkState, checkStep, observe } from "../src/invariants.ts";
import { becomeLeader } from "../src/leader.ts";
import { RaftLog } from "../src/log.ts";
import { completeOptions } from "../src/options.ts";
import { Server } from "../src/server.ts";
import { entryOf, logOf, restoredFrom } from "./support/lone-server.ts";

const configuration = { voters: ["n1", "n2", "n3"], learners: [] };

/** A server in term 2 with three entries, two of them committed and applied. */
function server(): Server {
  const made = new Server(
    completeOptions({ id: "n1", configuration, random: () => 0.5 }),
    restoredFrom(logOf(1, 1, 2), 2),
  );
  made.commitIndex = 2;
  made.handedOver = 2;
  made.lastApplied = 2;
  return made;
}

function leader(): Server {
  const leading = server();
  leading.voteFor("n1");
  becomeLeader(leading, { voters: ["n1", "n2"], stores: new Map() });
  return leading;
}

test("a healthy server breaks no law", () => {
  expect(() => checkState(server())).not.toThrow();
  expect(() => checkState(leader())).not.toThrow();
});

describe("a server is stopped that", () => {
  test.each<[string, (broken: Server) => void, RegExp]>([
    [
      "has applied more than it was given",
      (broken) => (broken.lastApplied = 3),
      /applied up to 3, handed over up to 2/,
    ],
    ["gave away more than is committed", (broken) => (broken.handedOver = 3), /handed over up to 3, committed up to 2/],
    ["has committed what it does not have", (broken) => (broken.commitIndex = 4), /committed up to 4, log ends at 3/],
    ["has entries of a later term than its own", (broken) => (broken.term = 1), /log ends in term 2, term is 1/],
    [
      "has compacted what it has not applied",
      (broken) => broken.log.rebase({ index: 3, term: 2 }),
      /compacted up to 3/,
    ],
    ["has more on disk than in its log", (broken) => broken.log.truncateFrom(3), /durable up to 3, log ends at 2/],
    [
      "campaigns with its vote elsewhere",
      (broken) => {
        broken.votedFor = "n2";
        broken.role = { name: "candidate", votes: new Map(), stores: new Map(), voteSequence: 0, hasYielded: false };
      },
      /candidate n1 has voted for n2/,
    ],
  ])("%s", (_, breakIt, facts) => {
    const broken = server();
    breakIt(broken);
    expect(() => checkState(broken)).toThrow(facts);
    expect(() => checkState(broken)).toThrow(InvariantViolation);
  });

  test("leads with its vote elsewhere", () => {
    const broken = leader();
    broken.votedFor = "n2";
    expect(() => checkState(broken)).toThrow(/leader n1 has voted for n2/);
  });

  test.each<[string, { matchIndex: number; nextIndex: number }, RegExp]>([
    ["sends again what it knows to be there", { matchIndex: 2, nextIndex: 2 }, /n2: matchIndex 2, nextIndex 2/],
    ["believes that a peer has more than itself", { matchIndex: 9, nextIndex: 10 }, /n2: matchIndex 9, log ends at 4/],
  ])("%s", (_, progress, facts) => {
    const broken = leader();
    if (broken.role.name === "leader") Object.assign(broken.role.peers.get("n2") ?? {}, progress);
    expect(() => checkState(broken)).toThrow(facts);
  });
});

describe("a step is refused that", () => {
  const before = observe(server());

  test.each<[string, Partial<ReturnType<typeof observe>>, RegExp]>([
    ["goes back to an earlier term", { term: 1 }, /term fell from 2 to 1/],
    ["takes back a commitment", { commitIndex: 1 }, /commit index fell from 2 to 1/],
    ["takes back an application", { lastApplied: 1 }, /applied index fell to 1/],
  ])("%s", (_, change, facts) => {
    expect(() => checkStep(before, { ...before, ...change }, server().log)).toThrow(facts);
  });

  test("votes for somebody else in the same term", () => {
    const voted = { ...before, votedFor: "n2" };
    expect(() => checkStep(voted, { ...voted, votedFor: "n3" }, server().log)).toThrow(/vote of term 2 moved to n3/);
  });

  test("changes a committed entry", () => {
    const { log } = server();
    log.truncateFrom(2);
    log.append([entryOf(2, 2)]);
    expect(() => checkStep(before, before, log)).toThrow(/committed entry 2 changed its term to 2/);
  });

  test("removes entries from a leader's log", () => {
    const leading = { ...before, role: "leader" } as const;
    expect(() => checkStep(leading, { ...leading, lastIndex: 2 }, server().log)).toThrow(
      /leader removed entries from 3/,
    );
  });
});

describe("the log is stopped from", () => {
  test("having a gap", () => {
    expect(() => new RaftLog(restoredFrom(logOf(1), 1).log).append([entryOf(3, 1)])).toThrow(
      /append of index 3 after 1/,
    );
  });

  test("going back to an earlier term", () => {
    expect(() => new RaftLog(restoredFrom(logOf(2), 2).log).append([entryOf(2, 1)])).toThrow(
      /append of term 1 after term 2/,
    );
  });

  test("losing what was compacted", () => {
    const log = new RaftLog(restoredFrom(logOf(1, 1), 1).log);
    log.rebase({ index: 1, term: 1 });
    expect(() => log.truncateFrom(1)).toThrow(/truncation from 1, but the log begins at 2/);
  });
});

test("a log whose configuration makes no sense is not started from", () => {
  const broken = {
    index: 1,
    term: 1,
    kind: "configuration",
    data: encodeConfiguration({ voters: [], learners: [] }),
  } as const;
  const start = () => new Raft({ id: "n1", configuration, random: () => 0.5 }, restoredFrom([broken], 1));
  expect(start).toThrow(/entry 1 of kind configuration does not contain one/);
});

test("with the checks on, an input that breaks a law throws", () => {
  const raft = new Raft(
    { id: "n1", configuration, random: () => 0.5, checkInvariants: true },
    { ...restoredFrom(logOf(1, 2), 1), applied: 0 },
  );
  expect(() => raft.tick(1)).toThrow(/log ends in term 2, term is 1/);
});
