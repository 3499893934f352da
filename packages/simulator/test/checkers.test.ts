// Each checker sees the one thing that it exists for: a short story in which its law is broken, and the story as it should be.
import type { Configuration, Entry, Message } from "@quorate/contracts";
import { describe, expect, test } from "vitest";
import type { SnapshotSeen } from "../src/checkers/checker.ts";
import { isQuorum, quorumsOverlap } from "../src/checkers/configurations.ts";
import { Inspector } from "../src/checkers/inspector.ts";
import { LogImage } from "../src/ports/log-image.ts";
import { FakeNode, founders, statusOf } from "./support/fake-node.ts";

const entry = (index: number, term: number, text = "x"): Entry => {
  return { index, term, kind: "command", data: new TextEncoder().encode(text) };
};

const configurationEntry = (index: number, term: number, configuration: Configuration): Entry => {
  return { index, term, kind: "configuration", data: new TextEncoder().encode(JSON.stringify(configuration)) };
};

type Stage = { readonly inspector: Inspector; readonly n1: FakeNode; readonly n2: FakeNode; readonly n3: FakeNode };

/** What the inspector finds in a story. */
function findingOf(story: (stage: Stage) => void): string | undefined {
  const [n1, n2, n3] = [new FakeNode("n1"), new FakeNode("n2"), new FakeNode("n3")];
  const nodes = [n1, n2, n3];
  const inspector = new Inspector({
    nodes,
    founders,
    nowMs: () => 0,
    onViolation: () => undefined,
  });
  for (const node of nodes) inspector.started(node);
  story({ inspector, n1, n2, n3 });
  return inspector.violation?.property;
}

/** A command that the log holds twice, with what it came to each time; 0 says that its session has expired. */
const appliedTwice =
  (first: number, second: number) =>
  ({ inspector, n1 }: Stage): void => {
    const data = Uint8Array.of(1);
    const repeatable = {
      answer: (result: unknown) => String(result),
      isExpired: (result: unknown) => result === 0,
      isOver: () => false,
    };
    inspector.attempted({ operation: 1, client: 1, data, repeatable });
    inspector.applied(n1, { index: 1, term: 1, data }, first);
    inspector.applied(n1, { index: 2, term: 1, data }, second);
  };

const heartbeat = (from: string, to: string, term: number): Message => {
  return { type: "heartbeatRequest", from, to, term, commitIndex: 0, round: 1 };
};
const voteRequest = (from: string, to: string, term: number): Message => {
  return { type: "voteRequest", from, to, term, lastLogIndex: 0, lastLogTerm: 0, isTransfer: false };
};
const vote = (from: string, to: string, term: number): Message => {
  return { type: "voteResponse", from, to, term, granted: true };
};
const accepted = (from: string, to: string, matchIndex: number): Message => {
  return { type: "appendResponse", from, to, term: 1, accepted: true, matchIndex };
};

const broken: readonly { readonly property: string; readonly story: (stage: Stage) => void }[] = [
  {
    property: "election safety",
    story: ({ inspector, n1, n2 }) => {
      inspector.sent(n1, heartbeat("n1", "n3", 2));
      inspector.sent(n2, heartbeat("n2", "n3", 2));
    },
  },
  {
    property: "one vote per term",
    story: ({ inspector, n3 }) => {
      n3.store({ hardState: { term: 3, votedFor: "n1" }, entries: [] });
      inspector.sent(n3, vote("n3", "n1", 2));
      inspector.sent(n3, vote("n3", "n2", 2));
    },
  },
  {
    property: "elected by a majority",
    story: ({ inspector, n1, n2 }) => {
      n2.store({ hardState: { term: 1, votedFor: "n1" }, entries: [] });
      inspector.sent(n2, vote("n2", "n1", 1));
      inspector.written(n1, { hardState: { term: 2, votedFor: "n1" }, entries: [] });
      inspector.turned(n1, statusOf(n1, { role: "leader", term: 2 }));
    },
  },
  {
    property: "honest campaigns",
    story: ({ inspector, n3 }) => inspector.written(n3, { hardState: { term: 1, votedFor: "n1" }, entries: [] }),
  },
  {
    property: "durable promises",
    story: ({ inspector, n1 }) => inspector.sent(n1, voteRequest("n1", "n2", 1)),
  },
  {
    property: "durable promises",
    story: ({ inspector, n2 }) => {
      n2.log.take({ kind: "write", write: { hardState: { term: 1, votedFor: undefined }, entries: [entry(1, 1)] } });
      inspector.sent(n2, accepted("n2", "n1", 1));
    },
  },
  {
    property: "leader append-only",
    story: ({ inspector, n1 }) => {
      n1.store({ hardState: { term: 1, votedFor: "n1" }, entries: [entry(1, 1)] });
      n1.status = statusOf(n1, { role: "leader", term: 1 });
      inspector.written(n1, { truncateFrom: 1, entries: [] });
    },
  },
  {
    property: "log matching",
    story: ({ inspector, n1, n2 }) => {
      inspector.written(n1, { entries: [entry(1, 1, "a")] });
      inspector.written(n2, { entries: [entry(1, 1, "b")] });
    },
  },
  {
    property: "leader completeness",
    story: ({ inspector, n1, n2, n3 }) => {
      for (const node of [n1, n3]) node.store({ hardState: { term: 1, votedFor: "n1" }, entries: [entry(1, 1)] });
      inspector.sent(n3, vote("n3", "n1", 1));
      inspector.written(n1, { hardState: { term: 1, votedFor: "n1" }, entries: [] });
      inspector.turned(n1, statusOf(n1, { role: "leader", term: 1, commitIndex: 1 }));
      n1.store({ hardState: { term: 2, votedFor: "n2" }, entries: [] });
      inspector.sent(n1, vote("n1", "n2", 2));
      inspector.turned(n2, statusOf(n2, { role: "leader", term: 2 }));
    },
  },
  {
    property: "durable commitment",
    story: ({ inspector, n1 }) => {
      n1.store({ hardState: { term: 1, votedFor: "n1" }, entries: [entry(1, 1)] });
      inspector.turned(n1, statusOf(n1, { role: "leader", term: 1, commitIndex: 1 }));
    },
  },
  {
    property: "same results",
    story: ({ inspector, n1, n2 }) => {
      inspector.applied(n1, entry(1, 1), "yes");
      inspector.applied(n2, entry(1, 1), "no");
    },
  },
  {
    property: "state machine safety",
    story: ({ inspector, n1 }) => {
      inspector.applied(n1, entry(2, 1), "second");
      inspector.applied(n1, entry(1, 1), "first");
    },
  },
  {
    property: "acknowledged writes",
    story: ({ inspector }) =>
      inspector.acknowledged({ operation: 1, client: 1, data: Uint8Array.of(1) }, { index: 1, term: 1 }),
  },
  {
    property: "fresh reads",
    story: ({ inspector, n1: node }) =>
      inspector.read({
        client: 1,
        node,
        consistency: "lease",
        isForwarded: false,
        arrivedMs: 0,
        index: 3,
        seenBefore: 4,
      }),
  },
  {
    property: "fresh reads",
    story: ({ inspector, n1: node }) =>
      inspector.read({
        client: 1,
        node,
        consistency: "linearizable",
        isForwarded: true,
        arrivedMs: 0,
        index: 4,
        seenBefore: 4,
      }),
  },
  {
    property: "monotonic state",
    story: ({ inspector, n1 }) => {
      n1.status = statusOf(n1, { commitIndex: 2 });
      inspector.turned(n1, statusOf(n1, { commitIndex: 1 }));
    },
  },
  {
    property: "own-term commitment",
    story: ({ inspector, n1, n2 }) => {
      for (const node of [n1, n2]) node.store({ hardState: { term: 2, votedFor: "n1" }, entries: [entry(1, 1)] });
      inspector.written(n1, { hardState: { term: 2, votedFor: "n1" }, entries: [] });
      n1.status = statusOf(n1, { role: "leader", term: 2 });
      inspector.turned(n1, statusOf(n1, { role: "leader", term: 2, commitIndex: 1 }));
    },
  },
  {
    property: "true progress",
    story: ({ inspector, n1, n2 }) => {
      n1.store({ hardState: { term: 1, votedFor: "n1" }, entries: [entry(1, 1)] });
      n2.store({ hardState: { term: 1, votedFor: "n1" }, entries: [] });
      inspector.sent(n2, vote("n2", "n1", 1));
      inspector.written(n1, { hardState: { term: 1, votedFor: "n1" }, entries: [] });
      inspector.turned(n1, statusOf(n1, { role: "leader", term: 1, matches: { n2: 1 } }));
    },
  },
  {
    property: "exactly once",
    story: appliedTwice(1, 2),
  },
  {
    property: "exactly once",
    story: appliedTwice(0, 1),
  },
  {
    property: "log as stored",
    story: ({ inspector, n1 }) => inspector.turned(n1, statusOf(n1, { lastIndex: 1 })),
  },
  {
    property: "configuration in use",
    story: ({ inspector, n1 }) => {
      n1.store({ entries: [configurationEntry(1, 1, { voters: ["n1", "n2"], learners: ["n3"] })] });
      inspector.turned(n1, statusOf(n1, { configuration: founders }));
    },
  },
  {
    property: "configuration overlap",
    story: ({ inspector, n1 }) => changeTo(inspector, n1, { voters: ["n1", "n4", "n5"], learners: [] }),
  },
  {
    property: "configuration overlap",
    story: ({ inspector, n1 }) => {
      n1.store({ entries: [configurationEntry(1, 1, { voters: ["n1", "n2"], learners: [] })] });
      changeTo(inspector, n1, { voters: ["n1"], learners: [] });
    },
  },
  {
    property: "true snapshots",
    story: ({ inspector, n1 }) => inspector.snapshotTaken(n1, snapshotOf({ appliedIndex: 1 })),
  },
  {
    property: "true snapshots",
    story: ({ inspector, n1 }) =>
      inspector.snapshotTaken(n1, snapshotOf({ configuration: { voters: ["n1"], learners: [] } })),
  },
  {
    property: "true snapshots",
    story: ({ inspector, n1, n2 }) => {
      inspector.snapshotTaken(n1, snapshotOf({}));
      inspector.snapshotTaken(n2, snapshotOf({ content: Uint8Array.of(1) }));
    },
  },
  {
    property: "true snapshots",
    story: ({ inspector, n1 }) => {
      n1.store({ entries: [entry(1, 1)] });
      inspector.compacted(n1, { index: 1, term: 1 });
    },
  },
];

/** A leader that has committed nothing yet appends a configuration. */
function changeTo(inspector: Inspector, leader: FakeNode, configuration: Configuration): void {
  const campaign = { hardState: { term: 1, votedFor: leader.id }, entries: [] };
  inspector.written(leader, campaign);
  const change = { entries: [configurationEntry(leader.log.lastIndex + 1, 1, configuration)] };
  inspector.written(leader, change);
  leader.store(campaign);
  leader.store(change);
  leader.status = statusOf(leader, { role: "leader", term: 1 });
  inspector.turned(leader, leader.status);
}

function snapshotOf(facts: {
  readonly appliedIndex?: number;
  readonly configuration?: Configuration;
  readonly content?: Uint8Array;
}): SnapshotSeen {
  const { appliedIndex = 0, configuration = founders, content = new Uint8Array(0) } = facts;
  return { stored: { index: 1, term: 1, configuration, sizeBytes: 0, checksum: 0 }, appliedIndex, content };
}

describe("a broken law is found under its name", () => {
  test.each(broken)("$property", ({ property, story }) => {
    expect(findingOf(story)).toBe(property);
  });

  test("a campaign, a vote, an acknowledgement and a commitment in the right order break nothing", () => {
    const finding = findingOf(({ inspector, n1, n2 }) => {
      const campaign = { hardState: { term: 1, votedFor: "n1" }, entries: [entry(1, 1)] };
      inspector.written(n1, campaign);
      n1.store(campaign);
      inspector.sent(n1, voteRequest("n1", "n2", 1));
      inspector.written(n2, campaign);
      n2.store(campaign);
      inspector.sent(n2, vote("n2", "n1", 1));
      inspector.sent(n1, heartbeat("n1", "n2", 1));
      inspector.sent(n2, accepted("n2", "n1", 1));
      inspector.turned(n1, statusOf(n1, { role: "leader", term: 1, commitIndex: 1, matches: { n2: 1 } }));
      inspector.turned(n2, statusOf(n2, { leaderId: "n1", term: 1, commitIndex: 1 }));
    });
    expect(finding).toBeUndefined();
  });

  test("two configurations that differ in one voter overlap, and in two they need a joint one between them", () => {
    const [three, four] = [founders, { voters: ["n1", "n2", "n3", "n4"], learners: [] }];
    const other = { voters: ["n3", "n4", "n5"], learners: [] };
    expect(quorumsOverlap(three, four)).toBe(true);
    expect(quorumsOverlap(three, other)).toBe(false);
    expect(quorumsOverlap(three, { ...other, outgoing: three.voters })).toBe(true);
    expect(quorumsOverlap({ ...other, outgoing: three.voters }, other)).toBe(true);
  });

  test("a joint configuration decides with a majority on both sides, and learners decide nothing", () => {
    const joint = { voters: ["n1", "n2", "n3"], outgoing: ["n3", "n4", "n5"], learners: ["n6"] };
    const decides = (...servers: readonly string[]): boolean => isQuorum(joint, (voter) => servers.includes(voter));
    expect(decides("n1", "n2", "n6")).toBe(false);
    expect(decides("n1", "n2", "n3", "n6")).toBe(false);
    expect(decides("n1", "n3", "n4")).toBe(true);
  });

  test("an image of a log forgets what lies before its base", () => {
    const image = new LogImage();
    image.take({ kind: "write", write: { entries: [entry(1, 1), entry(2, 1)] } });
    image.take({ kind: "compact", base: { index: 1, term: 1 } });
    expect([image.termAt(0), image.termAt(1), image.termAt(2), image.termAt(3)]).toEqual([undefined, 1, 1, undefined]);
  });
});
