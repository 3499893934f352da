// The state behind the cluster page: frames become sections, commands become requests, refusals are shown.
import type { Frame, Sections } from "@quorate/counter/demo/page/protocol";
import { describe, expect, test } from "vitest";
import { wordsFor } from "../../src/live/link-words.ts";
import { Live } from "../../src/live/live.ts";

const calm: Sections = {
  run: { title: "1 node", phase: "running", spareNodes: 0, hasKeys: true },
  nodes: [{ id: "n1", url: "http://127.0.0.1:1", condition: "starting" }],
  links: [],
  faults: { lost: 0, doubled: 0, delayed: 0, overtaken: 0, keptAway: 0 },
  lanes: [],
  story: [],
  load: { acknowledged: 0, underWay: 0, perSecond: [], pauses: { count: 0, lastMs: 0, longestMs: 0 } },
  verdict: null,
};
const first: Frame = { seq: 1, atMs: 1000, ...calm };

function makeLive(answer: () => Promise<Response> = () => Promise.resolve(new Response(null, { status: 204 }))) {
  const asked: { readonly path: string; readonly init: RequestInit }[] = [];
  const request = (path: string, init: RequestInit): Promise<Response> => {
    asked.push({ path, init });
    return answer();
  };
  return { live: new Live({ token: "secret", request }), asked };
}

describe("frames", () => {
  test("replace the sections that they have, and leave the others as they were", () => {
    const { live } = makeLive();
    live.take(first);
    const { nodes } = live.sections.value ?? calm;
    live.take({ seq: 2, atMs: 1100, faults: { ...calm.faults, lost: 4 } });
    expect(live.sections.value).toEqual({ ...calm, faults: { ...calm.faults, lost: 4 } });
    expect(live.sections.value?.nodes).toBe(nodes);
  });

  test("set the clock of the page", () => {
    const { live } = makeLive();
    live.take({ ...first, atMs: 5_000_000 });
    expect(live.nowMs()).toBeGreaterThanOrEqual(5_000_000);
    expect(live.nowMs()).toBeLessThan(5_060_000);
  });
});

describe("commands", () => {
  test("carry the token in a header, and not in the address", async () => {
    const { live, asked } = makeLive();
    expect(await live.send({ type: "kill", node: "n1" })).toBe(true);
    await live.openStream(new AbortController().signal);
    expect(asked.map(({ path }) => path)).toEqual(["api/commands", "api/frames"]);
    expect(asked.map(({ init }) => new Headers(init.headers).get("quorate-token"))).toEqual(["secret", "secret"]);
    expect(asked[0]?.init).toMatchObject({ method: "POST", body: '{"type":"kill","node":"n1"}' });
  });

  test("that are refused leave the reason on the page until one is carried out", async () => {
    let answer = Response.json({ detail: "n1 is down already." }, { status: 409 });
    const { live } = makeLive(() => Promise.resolve(answer));
    expect(await live.send({ type: "kill", node: "n1" })).toBe(false);
    expect(live.refusal.value).toBe("n1 is down already.");
    answer = new Response(null, { status: 204 });
    await live.send({ type: "prove" });
    expect(live.refusal.value).toBeUndefined();
  });

  test("without an answer, or with one that is no problem, say so", async () => {
    const gone = makeLive(() => Promise.reject(new TypeError("gone"))).live;
    await gone.send({ type: "prove" });
    expect(gone.refusal.value).toBe("The demo does not answer.");
    const strange = makeLive(() => Promise.resolve(new Response("<p>", { status: 502 }))).live;
    await strange.send({ type: "prove" });
    expect(strange.refusal.value).toBe("The demo answered with 502.");
  });

  test("make sense only while the picture is true and the run goes on", () => {
    const { live } = makeLive();
    live.take(first);
    expect(live.canAct.value).toBe(false);
    live.connection.value = { type: "live" };
    expect(live.canAct.value).toBe(true);
    live.take({ seq: 2, atMs: 2000, run: { ...calm.run, phase: "proving" } });
    expect(live.canAct.value).toBe(false);
    live.take({ seq: 3, atMs: 2100, run: calm.run });
    live.connection.value = { type: "reconnecting" };
    expect(live.canAct.value).toBe(false);
  });
});

test("a link is said in words, never by a colour alone", () => {
  const whole = { from: "n1", to: "n2", cut: false, lossPercent: 0, duplicatePercent: 0, reorderPercent: 0 };
  expect(wordsFor({ ...whole, delayMs: [0, 0] })).toEqual({ state: "whole", sign: "✓", lines: ["whole"] });
  const spoiled = { ...whole, lossPercent: 5, reorderPercent: 2.5, delayMs: [1, 20] } as const;
  const lines = ["5 % lost", "2.5 % overtaken", "1–20 ms late"];
  expect(wordsFor(spoiled)).toEqual({ state: "spoiled", sign: "≈", lines });
  expect(wordsFor({ ...spoiled, cut: true })).toEqual({ state: "cut", sign: "✕", lines: ["cut"] });
});
