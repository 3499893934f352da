// Frames: everything first, then what has changed, at the pace of the reader, and nothing for nothing.
import { describe, expect, test } from "vitest";
import { Feed } from "../../../src/demo/page/feed.ts";
import type { Frame, Sections } from "../../../src/demo/page/protocol.ts";
import { calm, withAcknowledged } from "./sections.ts";

/** A feed whose state the test sets, and readers that note what they get. */
function makeFeed() {
  const state = { atMs: 0, sections: calm };
  const feed = new Feed(() => state);
  const become = (sections: Sections): void => {
    state.sections = sections;
    state.atMs += 100;
    feed.tick();
  };
  return { feed, become };
}

function makeReader(feed: Feed) {
  const reader = { isReady: true, texts: [] as string[], hasEnded: false };
  const subscription = feed.subscribe({
    isReady: () => reader.isReady,
    send: (text) => reader.texts.push(text),
    end: () => (reader.hasEnded = true),
  });
  return Object.assign(reader, subscription, {
    frames: (): Frame[] => reader.texts.filter((text) => text.startsWith("data: ")).map(frameIn),
  });
}

function frameIn(text: string): Frame {
  const [, json = ""] = /^data: (.*)\n\n$/.exec(text) ?? [];
  return JSON.parse(json) as Frame; // the test looks at what the feed has written
}

describe("a page that reads", () => {
  test("gets everything first", () => {
    const { feed } = makeFeed();
    expect(makeReader(feed).frames()).toEqual([{ seq: 1, atMs: 0, ...calm }]);
  });

  test("then gets only what has changed, with the next number", () => {
    const { feed, become } = makeFeed();
    const reader = makeReader(feed);
    become(withAcknowledged(7));
    expect(reader.frames()[1]).toEqual({ seq: 2, atMs: 100, load: withAcknowledged(7).load });
  });

  test("gets nothing while nothing changes", () => {
    const { feed, become } = makeFeed();
    const reader = makeReader(feed);
    become({ ...calm, nodes: [...calm.nodes] });
    expect(reader.texts).toHaveLength(1);
  });

  test("gets one frame for many changes while it was busy, and that has the latest", () => {
    const { feed, become } = makeFeed();
    const reader = makeReader(feed);
    reader.isReady = false;
    for (let acknowledged = 1; acknowledged <= 1000; acknowledged += 1) become(withAcknowledged(acknowledged));
    become({ ...withAcknowledged(1000), verdict: null, faults: { ...calm.faults, lost: 3 } });
    expect(reader.texts).toHaveLength(1);
    reader.isReady = true;
    reader.resume();
    expect(reader.frames().slice(1)).toEqual([
      expect.objectContaining({ seq: 2, load: withAcknowledged(1000).load, faults: { ...calm.faults, lost: 3 } }),
    ]);
    expect(reader.frames()[1]).not.toHaveProperty("nodes");
  });

  test("is not held up by another one that is slow", () => {
    const { feed, become } = makeFeed();
    const [slow, quick] = [makeReader(feed), makeReader(feed)];
    slow.isReady = false;
    become(withAcknowledged(1));
    become(withAcknowledged(2));
    expect(quick.frames().map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(slow.frames().map(({ seq }) => seq)).toEqual([1]);
  });

  test("that comes back begins anew with everything", () => {
    const { feed, become } = makeFeed();
    makeReader(feed).cancel();
    become(withAcknowledged(5));
    expect(makeReader(feed).frames()).toEqual([{ seq: 1, atMs: 100, ...withAcknowledged(5) }]);
  });

  test("gets nothing any more when it has gone", () => {
    const { feed, become } = makeFeed();
    const reader = makeReader(feed);
    reader.cancel();
    become(withAcknowledged(1));
    reader.resume();
    feed.beat();
    expect(reader.texts).toHaveLength(1);
    expect(feed.readers).toBe(0);
  });
});

describe("a heartbeat", () => {
  test("goes to pages that have got nothing since the one before", () => {
    const { feed, become } = makeFeed();
    const reader = makeReader(feed);
    feed.beat();
    expect(reader.texts).toHaveLength(1);
    feed.beat();
    expect(reader.texts[1]).toBe(": still here\n\n");
    become(withAcknowledged(1));
    feed.beat();
    expect(reader.texts).toHaveLength(3);
  });

  test("waits with a page that is busy", () => {
    const { feed } = makeFeed();
    const reader = makeReader(feed);
    feed.beat();
    reader.isReady = false;
    feed.beat();
    expect(reader.texts).toHaveLength(1);
  });
});

test("the end brings the last state to every page", () => {
  const state = { atMs: 0, sections: calm };
  const feed = new Feed(() => state);
  const reader = makeReader(feed);
  const verdict = { holds: true, acknowledged: 9, lost: 0, duplicated: 0, problems: [] };
  state.sections = { ...calm, verdict };
  feed.close();
  expect(reader.frames()[1]).toEqual({ seq: 2, atMs: 0, verdict });
  expect(reader.hasEnded).toBe(true);
  feed.close();
});
