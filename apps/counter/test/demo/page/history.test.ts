// What the page is told of the last minute: what nodes were, and how many writes each second had.
import { describe, expect, test } from "vitest";
import { EventList } from "../../../src/demo/story.ts";
import { LaneHistory } from "../../../src/demo/page/lanes.ts";
import { Pace } from "../../../src/demo/page/pace.ts";
import type { NodeState } from "../../../src/demo/page/protocol.ts";

const n1 = (role: string, term: number): NodeState => ({
  id: "n1",
  url: "http://127.0.0.1:1",
  condition: "running",
  status: { role, term, commitIndex: 0, lastApplied: 0 },
});

describe("a lane", () => {
  test("has a change for each new role and term, and none for the same", () => {
    const history = new LaneHistory();
    [n1("follower", 1), n1("follower", 1), n1("preCandidate", 1), n1("candidate", 2), n1("leader", 2)].forEach(
      (node, position) => history.note([node], position * 100),
    );
    expect(history.lanes).toEqual([
      {
        id: "n1",
        changes: [
          { atMs: 0, kind: "follows", term: 1 },
          { atMs: 200, kind: "campaigns", term: 1 },
          { atMs: 300, kind: "campaigns", term: 2 },
          { atMs: 400, kind: "leads", term: 2 },
        ],
      },
    ]);
  });

  test("keeps the term of a node that is away", () => {
    const history = new LaneHistory();
    history.note([n1("leader", 7)], 0);
    history.note([{ id: "n1", url: "http://127.0.0.1:1", condition: "down" }], 100);
    expect(history.lanes[0]?.changes.at(-1)).toEqual({ atMs: 100, kind: "away", term: 7 });
  });

  test("forgets what is older than a minute, but not what was in force at its beginning", () => {
    const history = new LaneHistory();
    history.note([n1("follower", 1)], 0);
    history.note([n1("leader", 2)], 10_000);
    history.note([n1("follower", 3)], 65_000);
    history.note([n1("follower", 3)], 75_000);
    expect(history.lanes[0]?.changes.map(({ atMs }) => atMs)).toEqual([10_000, 65_000]);
  });

  test("keeps a bounded number of changes, the latest", () => {
    const history = new LaneHistory();
    for (let term = 1; term <= 1000; term += 1) history.note([n1("candidate", term)], term);
    expect(history.lanes[0]?.changes.map(({ term }) => term)).toEqual(Array.from({ length: 200 }, (_, at) => 801 + at));
  });
});

describe("the pace", () => {
  test("counts what came in each whole second", () => {
    const pace = new Pace(0, 100);
    pace.note(500, 300);
    pace.note(1000, 500);
    pace.note(1900, 600);
    pace.note(2100, 700);
    expect(pace.perSecond).toEqual([400, 200]);
  });

  test("has a gap where nobody looked for seconds", () => {
    const pace = new Pace(0, 0);
    pace.note(3500, 90);
    expect(pace.perSecond).toEqual([0, 0, 90]);
    pace.note(4000, 100);
    expect(pace.perSecond).toEqual([0, 0, 90, 10]);
  });

  test("remembers a minute", () => {
    const pace = new Pace(0, 0);
    for (let second = 1; second <= 100; second += 1) pace.note(second * 1000, second);
    pace.note(1_000_000, 100);
    expect(pace.perSecond).toHaveLength(60);
  });
});

test("a story keeps its latest events, and passes each on", () => {
  const passedOn: string[] = [];
  const events = new EventList({ tell: (line) => passedOn.push(line) });
  for (let event = 1; event <= 600; event += 1) events.tell(`event ${event}`, "fault");
  expect(events.events).toHaveLength(500);
  expect(events.events.at(-1)).toMatchObject({ text: "event 600", kind: "fault" });
  expect(passedOn).toHaveLength(600);
});
