// Asking around for the newest members: who is asked, what is believed, and that it ends.

import { beforeEach, expect, test } from "vitest";
import { Hearsay, type Rumour } from "../../src/members/hearsay.ts";
import { ManualClock } from "../support/manual-clock.ts";

let clock: ManualClock;
let asked: string[];
let news: Rumour[];
const addresses = new Map([
  ["n1", { http: "http://n1" }],
  ["n2", { http: "http://n2" }],
  ["n3", { http: "http://n3" }],
]);

beforeEach(() => {
  clock = new ManualClock();
  asked = [];
  news = [];
});

function hearsay(answers: Readonly<Record<string, unknown>>, ownIndex = 5): Hearsay {
  return new Hearsay({
    clusterId: "demo",
    nodeId: "n1",
    clock,
    addresses: () => addresses,
    ownIndex: () => ownIndex,
    onNews: (rumour) => news.push(rumour) > 0 && rumour.committed,
    fetch: (url, { signal }) => {
      const host = new URL(url).hostname;
      asked.push(host);
      const answer = answers[host];
      if (answer !== undefined) return Promise.resolve(new Response(JSON.stringify(answer)));
      return new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    },
  });
}

function list(configurationIndex: number, { cluster = "demo", committed = true } = {}): object {
  const member = { id: "n9", peer: "h:1", http: "http://n9" };
  return { cluster, configurationIndex, committed, members: [member, { id: 7 }, null] };
}

test("the newest list counts, from whomever it comes, and one's own word is not asked for", async () => {
  hearsay({ n2: list(7), n3: list(9) }).ask();
  await clock.next();
  expect(asked).toEqual(["n2", "n3"]);
  expect(news).toEqual([
    { from: "http://n3", index: 9, committed: true, members: new Map([["n9", { peer: "h:1", http: "http://n9" }]]) },
  ]);
  expect(clock.pending).toBe(0);
});

test("another cluster, an older list and nonsense are no news, and it asks again until it gives up", async () => {
  const one = hearsay({ n2: list(9, { cluster: "other" }), n3: list(5) });
  one.ask();
  one.ask();
  for (let round = 0; round < 50; round += 1) await clock.next();
  expect(news).toEqual([]);
  expect(asked).toHaveLength(24);
  expect(clock.pending).toBe(0);
  expect(clock.now()).toBeGreaterThan(60_000);
  one.ask();
  await clock.next();
  expect(asked).toHaveLength(26);
});

test("it asks on after news that settles nothing, such as a list that is not committed yet", async () => {
  const answers = { n2: list(9, { committed: false }), n3: list(5) };
  hearsay(answers).ask();
  await clock.next();
  expect(news.map(({ committed }) => committed)).toEqual([false]);
  answers.n2 = list(9);
  await clock.next();
  expect(news.map(({ committed }) => committed)).toEqual([false, true]);
  expect(clock.pending).toBe(0);
});

test("who does not answer holds nobody up, and nothing is left when it is closed", async () => {
  const one = hearsay({ n3: list(9) });
  one.ask();
  await clock.next();
  expect(news).toEqual([]);
  await clock.next();
  expect(news).toHaveLength(1);
  const other = hearsay({});
  other.ask();
  await clock.next();
  other.close();
  await clock.next();
  expect(clock.pending).toBe(0);
});
