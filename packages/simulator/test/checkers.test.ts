// Each checker sees the one thing that it exists for: a short story in which its law is broken, and the story as it should be.
import type { Entry, Message } from "@quorate/contracts";
import { describe, expect, test } from "vitest";
import { Inspector } from "../src/checkers/inspector.ts";
import { LogImage } from "../src/ports/log-image.ts";
import { FakeNode, statusOf } from "./support/fake-node.ts";

const entry = (index: number, term: number, text = "x"): Entry => {
  return { index, term, kind: "command", data: new TextEncoder().encode(text) };
};

type Stage = { readonly inspector: Inspector; readonly n1: FakeNode; readonly n2: FakeNode; readonly n3: FakeNode };

/** What the inspector finds in a story. */
function findingOf(story: (stage: Stage) => void): string | undefined {
  const [n1, n2, n3] = [new FakeNode("n1"), new FakeNode("n2"), new FakeNode("n3")];
  const nodes = [n1, n2, n3];
  const inspector = new Inspector({
    nodes,
    voters: nodes.map(({ id }) => id),
    nowMs: () => 0,
    onViolation: () => undefined,
  });
  for (const node of nodes) inspector.started(node);
  story({ inspector, n1, n2, n3 });
  return inspector.violation?.property;
}

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
      inspector.turned(n1, statusOf("n1", { role: "leader", term: 2 }));
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
      n1.status = statusOf("n1", { role: "leader", term: 1 });
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
      inspector.turned(n1, statusOf("n1", { role: "leader", term: 1, commitIndex: 1 }));
      n1.store({ hardState: { term: 2, votedFor: "n2" }, entries: [] });
      inspector.sent(n1, vote("n1", "n2", 2));
      inspector.turned(n2, statusOf("n2", { role: "leader", term: 2 }));
    },
  },
  {
    property: "durable commitment",
    story: ({ inspector, n1 }) => {
      n1.store({ hardState: { term: 1, votedFor: "n1" }, entries: [entry(1, 1)] });
      inspector.turned(n1, statusOf("n1", { role: "leader", term: 1, commitIndex: 1 }));
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
    story: ({ inspector }) => inspector.read({ client: 1, nodeId: "n1", arrivedMs: 0, index: 3, seenBefore: 4 }),
  },
  {
    property: "fresh reads",
    story: ({ inspector }) => inspector.read({ client: 1, nodeId: "n1", arrivedMs: 0, index: 4, seenBefore: 4 }),
  },
  {
    property: "monotonic state",
    story: ({ inspector, n1 }) => {
      n1.status = statusOf("n1", { commitIndex: 2 });
      inspector.turned(n1, statusOf("n1", { commitIndex: 1 }));
    },
  },
  {
    property: "own-term commitment",
    story: ({ inspector, n1, n2 }) => {
      for (const node of [n1, n2]) node.store({ hardState: { term: 2, votedFor: "n1" }, entries: [entry(1, 1)] });
      inspector.written(n1, { hardState: { term: 2, votedFor: "n1" }, entries: [] });
      n1.status = statusOf("n1", { role: "leader", term: 2 });
      inspector.turned(n1, statusOf("n1", { role: "leader", term: 2, commitIndex: 1 }));
    },
  },
  {
    property: "true progress",
    story: ({ inspector, n1, n2 }) => {
      n1.store({ hardState: { term: 1, votedFor: "n1" }, entries: [entry(1, 1)] });
      n2.store({ hardState: { term: 1, votedFor: "n1" }, entries: [] });
      inspector.sent(n2, vote("n2", "n1", 1));
      inspector.written(n1, { hardState: { term: 1, votedFor: "n1" }, entries: [] });
      inspector.turned(n1, statusOf("n1", { role: "leader", term: 1, matches: { n2: 1 } }));
    },
  },
];

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
      inspector.turned(n1, statusOf("n1", { role: "leader", term: 1, commitIndex: 1, matches: { n2: 1 } }));
      inspector.turned(n2, statusOf("n2", { leaderId: "n1", term: 1, commitIndex: 1 }));
    });
    expect(finding).toBeUndefined();
  });

  test("an image of a log forgets what lies before its base", () => {
    const image = new LogImage();
    image.take({ kind: "write", write: { entries: [entry(1, 1), entry(2, 1)] } });
    image.take({ kind: "compact", base: { index: 1, term: 1 } });
    expect([image.termAt(0), image.termAt(1), image.termAt(2), image.termAt(3)]).toEqual([undefined, 1, 1, undefined]);
  });
});
