// The laws that must hold on one server at every moment, and from one moment to the next. Laws that span servers
// (election safety, log matching across logs, leader completeness) are checked by whoever can see all servers.

import { assert } from "./errors.ts";
import type { RaftLog } from "./log.ts";
import type { Server } from "./server.ts";
import type { NodeId, Role } from "./types.ts";

/** What is remembered of a server to compare it with itself after the next input. */
export type Observation = {
  readonly term: number;
  readonly votedFor: NodeId | undefined;
  readonly role: Role;
  readonly commitIndex: number;
  readonly commitTerm: number | undefined;
  readonly lastApplied: number;
  readonly lastIndex: number;
};

/** Takes the observation. */
export function observe(server: Server): Observation {
  return {
    term: server.term,
    votedFor: server.votedFor,
    role: server.role.name,
    commitIndex: server.commitIndex,
    commitTerm: server.log.termAt(server.commitIndex),
    lastApplied: server.lastApplied,
    lastIndex: server.log.lastIndex,
  };
}

/** Checks one moment. */
export function checkState(server: Server): void {
  checkOrderOfIndexes(server);
  assert(server.log.lastTerm <= server.term, () => `log ends in term ${server.log.lastTerm}, term is ${server.term}`);
  checkRole(server);
}

function checkOrderOfIndexes(server: Server): void {
  const { commitIndex, lastApplied, handedOver, log, durability } = server;
  assert(log.base.index <= lastApplied, () => `compacted up to ${log.base.index}, applied up to ${lastApplied}`);
  assert(lastApplied <= handedOver, () => `applied up to ${lastApplied}, handed over up to ${handedOver}`);
  assert(handedOver <= commitIndex, () => `handed over up to ${handedOver}, committed up to ${commitIndex}`);
  assert(commitIndex <= log.lastIndex, () => `committed up to ${commitIndex}, log ends at ${log.lastIndex}`);
  const { durableIndex } = durability;
  assert(durableIndex <= log.lastIndex, () => `durable up to ${durableIndex}, log ends at ${log.lastIndex}`);
}

function checkRole({ id, role, votedFor, log }: Server): void {
  switch (role.name) {
    case "follower":
    case "preCandidate":
      return;
    case "candidate":
      assert(votedFor === id, () => `candidate ${id} has voted for ${votedFor}`);
      return;
    case "leader":
      assert(votedFor === id, () => `leader ${id} has voted for ${votedFor}`);
      for (const [peer, { matchIndex, nextIndex }] of role.peers) {
        assert(matchIndex < nextIndex, () => `${peer}: matchIndex ${matchIndex}, nextIndex ${nextIndex}`);
        assert(matchIndex <= log.lastIndex, () => `${peer}: matchIndex ${matchIndex}, log ends at ${log.lastIndex}`);
      }
  }
}

/** Checks what an input may change. */
export function checkStep(before: Observation, after: Observation, log: RaftLog): void {
  assert(before.term <= after.term, () => `term fell from ${before.term} to ${after.term}`);
  if (before.term === after.term && before.votedFor !== undefined) {
    assert(before.votedFor === after.votedFor, () => `vote of term ${after.term} moved to ${after.votedFor}`);
  }
  assert(
    before.commitIndex <= after.commitIndex,
    () => `commit index fell from ${before.commitIndex} to ${after.commitIndex}`,
  );
  assert(before.lastApplied <= after.lastApplied, () => `applied index fell to ${after.lastApplied}`);
  // State Machine Safety begins here: what was committed stays what it was.
  if (before.commitIndex >= log.base.index) {
    const now = log.termAt(before.commitIndex);
    assert(now === before.commitTerm, () => `committed entry ${before.commitIndex} changed its term to ${now}`);
  }
  // Leader Append-Only. Thesis figure 3.2.
  if (before.role === "leader" && after.role === "leader" && before.term === after.term) {
    assert(before.lastIndex <= after.lastIndex, () => `leader removed entries from ${after.lastIndex + 1}`);
  }
}
