// Connections that are reset after every single byte of every kind of frame, in plain text and with TLS. The servers find
// each other again, and nothing arrives that was not sent.

import type { Lane } from "@quorate/contracts";
import { lanes } from "@quorate/contracts";
import { plainCodec } from "@quorate/contracts/conformance";
import { afterAll, describe, expect, test, vi } from "vitest";
import { headerBytes } from "../src/frame.ts";
import { helloFrame, refusalFrame, welcomeFrame } from "../src/handshake.ts";
import { Authority, Files } from "./authority.ts";
import { type Cut, Cutter, type Scissors } from "./cutter.ts";
import { type Actor, addressOf, append, beat, chunk, eventOf, type Message, Stage } from "./stage.ts";

const authority = new Authority();
const files = new Map(
  ["n1", "n2", "n3", "n4", "n5"].map((nodeId) => [
    nodeId,
    new Files({ ca: authority.pem, ...authority.issue({ nodeId }) }),
  ]),
);
afterAll(() => {
  for (const set of files.values()) set[Symbol.dispose]();
});

/** What a server sends to n2, one message on each lane. */
const messagesOf = (nodeId: string): Readonly<Record<Lane, Message>> => ({
  control: beat(nodeId, "n2"),
  append: append(nodeId, "n2", 50),
  snapshot: chunk(nodeId, "n2", 20),
});
const messages = messagesOf("n1");
const codec = plainCodec();
const identityOf = (nodeId: string) => ({ clusterId: "c-1", nodeId, incarnation: `${nodeId}-i` });

/** The length of each frame, as the servers of this file write them. */
const sizes = {
  hello: (lane: Lane) => helloFrame({ ...identityOf("n1"), expects: "n2", lane, versions: [1], codec }).length,
  message: (lane: Lane) =>
    headerBytes + codec.encode({ clusterId: "c-1", groupId: 0, incarnation: "n1-i", message: messages[lane] }).length,
  welcome: welcomeFrame({ ...identityOf("n2"), version: 1 }).length,
  refusal: refusalFrame({
    code: "QUORATE_PEER_UNKNOWN",
    detail: "n1 is not among the peers of n2",
    clusterId: "c-1",
    nodeId: "n2",
  }).length,
  ping: headerBytes,
  alive: headerBytes,
};

const deadline = { timeout: 100_000, interval: 5 };

/** n2, which dials nobody, behind a wire through which others dial it, and dial again at once. */
async function wired(stage: Stage, settings: { readonly isEncrypted?: boolean; readonly isStrange?: boolean } = {}) {
  const tlsOf = (nodeId: string) => {
    const paths = files.get(nodeId)?.paths;
    return settings.isEncrypted === true && paths !== undefined ? { tls: paths } : {};
  };
  const timeouts = { keepAliveMs: 10, idleMs: 60_000 };
  const nowhere = { host: "127.0.0.1", port: 1 };
  const peersOfN2 = () => (settings.isStrange === true ? undefined : nowhere);
  const n2 = await stage.start("n2", { ...tlsOf("n2"), timeouts, peers: peersOfN2 });
  const cutter = await Cutter.between(addressOf(n2));
  const begin = (nodeId = "n1") => {
    const peers = { n2: cutter.address };
    return stage.start(nodeId, { ...tlsOf(nodeId), timeouts, backoff: { minMs: 1, maxMs: 1 }, peers });
  };
  return { n2, cutter, begin, [Symbol.asyncDispose]: () => cutter[Symbol.asyncDispose]() };
}

/** Which bytes of a lane's connections are the last to pass, first and last of them. */
type Range = (lane: Lane) => readonly [from: number, to: number];

/** Cuts each connection of a lane one byte later than the one before; those after the last stay whole. */
function everyByte(of: Cut["of"], range: Range, onCut: (lane: Lane) => void = () => {}) {
  const next = new Map(lanes.map((lane) => [lane, range(lane)[0]]));
  const total = lanes.reduce((sum, lane) => sum + 1 + range(lane)[1] - range(lane)[0], 0);
  const scissors: Scissors = (hello) => {
    const lane = lanes.find((one) => hello.includes(`"lane":"${one}"`)) ?? "control";
    const afterBytes = next.get(lane) ?? 1;
    if (afterBytes > range(lane)[1]) return undefined;
    next.set(lane, afterBytes + 1);
    onCut(lane);
    return { of, afterBytes };
  };
  return { scissors, total };
}

/** What is sent now arrives, on every lane; what was sent before has not arrived, and does not come late. */
async function expectWhole(n1: Actor, n2: Actor): Promise<void> {
  const last = [beat("n1", "n2", 2), append("n1", "n2", 51), chunk("n1", "n2", 21)];
  await vi.waitFor(() => {
    for (const message of last) n1.transport.send(message);
    expect(asTexts(n2.messages)).toEqual(asTexts(last));
  }, deadline);
}

/** What there is among these messages, however often. */
function asTexts(given: readonly Message[]): readonly string[] {
  return [...new Set(given.map((message) => JSON.stringify(message)))].toSorted();
}

describe("connections that are reset after any byte of", { timeout: 200_000 }, () => {
  test("a hello, or a message on any lane, deliver nothing of it", async () => {
    await using stage = new Stage();
    await using wire = await wired(stage);
    const { n2, cutter, begin } = wire;
    const actors: Actor[] = [];
    const send = (lane: Lane) => actors[0]?.transport.send(messages[lane]);
    const { scissors, total } = everyByte("dialler", (lane) => [1, sizes.hello(lane) + sizes.message(lane) - 1], send);
    cutter.scissors = scissors;
    const n1 = await begin();
    actors.push(n1);
    await vi.waitFor(() => expect(cutter.cuts).toBe(total), deadline);
    await expectWhole(n1, n2);
    // As many as bytes of a hello: so each of them did arrive before its connection was reset.
    const unfinished = n2.events.filter(({ type }) => type === "garbageReceived").length;
    expect(unfinished).toBe(lanes.reduce((sum, lane) => sum + sizes.hello(lane) - 1, 0));
  });

  test("a ping are made anew", async () => {
    await using stage = new Stage();
    await using wire = await wired(stage);
    const { n2, cutter, begin } = wire;
    const range: Range = (lane) => [sizes.hello(lane) + 1, sizes.hello(lane) + sizes.ping - 1];
    const { scissors, total } = everyByte("dialler", range);
    cutter.scissors = scissors;
    const n1 = await begin();
    await vi.waitFor(() => expect(cutter.cuts).toBe(total), deadline);
    await expectWhole(n1, n2);
    expect(eventOf(n2, "garbageReceived")).toBeUndefined();
  });

  test("a welcome, or a sign of life, are made anew", async () => {
    await using stage = new Stage();
    await using wire = await wired(stage);
    const { n2, cutter, begin } = wire;
    const { scissors, total } = everyByte("acceptor", () => [1, sizes.welcome + sizes.alive - 1]);
    cutter.scissors = scissors;
    const n1 = await begin();
    await vi.waitFor(() => expect(cutter.cuts).toBe(total), deadline);
    await expectWhole(n1, n2);
    expect(eventOf(n1, "garbageReceived")).toBeUndefined();
  });

  test("a refusal are made anew until it is understood, and after it until the other side relents", async () => {
    await using stage = new Stage();
    await using wire = await wired(stage, { isStrange: true });
    const { n2, cutter, begin } = wire;
    const { scissors, total } = everyByte("acceptor", () => [1, sizes.refusal - 1]);
    cutter.scissors = scissors;
    const n1 = await begin();
    await vi.waitFor(() => expect(cutter.cuts).toBe(total), deadline);
    await vi.waitFor(() => expect(n1.events.at(-1)).toMatchObject({ code: "QUORATE_PEER_UNKNOWN" }), deadline);
    n2.transport.setPeers(new Map([["n1", "127.0.0.1:1"]]));
    await expectWhole(n1, n2);
  });

  test("a TLS handshake, or the records behind it, are made anew, and what arrives is what was sent", async () => {
    await using stage = new Stage();
    await using wire = await wired(stage, { isEncrypted: true });
    const { n2, cutter, begin } = wire;
    // Several at once: a TLS handshake is mostly waiting.
    const diallers = await Promise.all(["n1", "n3", "n4", "n5"].map((nodeId) => begin(nodeId)));
    const sendAll = (): void => {
      for (const { nodeId, transport } of diallers) {
        for (const lane of lanes) transport.send(messagesOf(nodeId)[lane]);
      }
    };
    const kinds = diallers.flatMap(({ nodeId }) => Object.values(messagesOf(nodeId)));
    sendAll();
    await vi.waitFor(() => expect(n2.messages.length).toBe(kinds.length), deadline);
    const whole = cutter.longest;
    let next = 1;
    cutter.scissors = () => {
      if (next > whole) return undefined;
      sendAll();
      return { of: "dialler", afterBytes: next++ };
    };
    cutter.cutAll();
    await vi.waitFor(() => expect(cutter.cuts).toBe(whole), deadline);
    const before = n2.messages.length;
    sendAll();
    await vi.waitFor(() => expect(n2.messages.length).toBeGreaterThan(before), deadline);
    expect(asTexts(n2.messages)).toEqual(asTexts(kinds));
  });
});
