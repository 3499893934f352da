// The executable definition of a transport. A transport may lose and reorder; these laws say what it must not do, and that
// it does its work as long as nothing fails.

import { laneOf } from "../transport.ts";
import { assertEqual, assertThat, eventually, skipTest, type TestFramework, withDeadline } from "./harness.ts";
import { declareMembership } from "./transport-peers.ts";
import {
  append,
  assertOnlyMarkers,
  heartbeat,
  sessionTest,
  snapshotChunk,
  type TransportConformance,
} from "./transport-session.ts";
import { declareStress } from "./transport-stress.ts";

/**
 * Declares the tests that every `Transport` must pass.
 *
 * @example
 * transportConformance({ describe, test }, {
 *   name: "my transport",
 *   newNetwork: () => {
 *     const addresses = new Map();
 *     return { transport: (nodeId) => myTransport({ nodeId, addresses }) };
 *   },
 * });
 */
export function transportConformance(framework: TestFramework, options: TransportConformance): void {
  framework.describe(`${options.name} keeps the laws of transports`, () => {
    framework.describe("delivery", () => declareDelivery(framework, options));
    framework.describe("size", () => declareSize(framework, options));
    framework.describe("lifetime", () => declareLifetime(framework, options));
    framework.describe("peers", () => declarePeers(framework, options));
    framework.describe("stress", () => declareStress(framework, options));
    framework.describe("membership", () => declareMembership(framework, options));
  });
}

function declareDelivery(framework: TestFramework, options: TransportConformance): void {
  sessionTest(framework, options, {
    title: "delivers in both directions",
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      await session.untilDelivered(n1, n2);
      await session.untilDelivered(n2, n1);
    },
  });
  sessionTest(framework, options, {
    title: "delivers messages of all lanes unchanged",
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      await openBothLanes(session, { from: n1, to: n2 });
      const sent = [
        append({ from: "n1", to: "n2", dataBytes: 300 }),
        heartbeat({ from: "n1", to: "n2", round: 7 }),
        snapshotChunk({ from: "n1", to: "n2" }),
      ];
      // The way of the snapshots may not be open yet; what was sent too early is lost.
      await eventually(() => {
        n1.transport.send(snapshotChunk({ from: "n1", to: "n2" }));
        return n2.messages.some((message) => message.type === "snapshotRequest");
      }, "a message on the snapshot lane");
      n2.messages.splice(0);
      for (const message of sent) n1.transport.send(message);
      const arrived = () => sent.map((message) => n2.messages.find((other) => isOfKind(other, message)));
      await eventually(() => arrived().every((message) => message !== undefined), "all arrive");
      assertEqual(arrived(), sent, "what arrived");
    },
  });
  sessionTest(framework, options, {
    title: "tells with every message from which store of the sender it came",
    body: async (session) => {
      const [n1, n2] = [await session.start("n1", { incarnation: "first store" }), await session.start("n2")];
      await session.untilDelivered(n1, n2);
      assertEqual([...new Set(n2.incarnations)], ["first store"], "the stores of what arrived");
    },
  });
  sessionTest(framework, options, {
    title: "loses and repeats nothing while nothing fails, in whatever order it arrives",
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      await session.untilDelivered(n1, n2);
      for (let round = 1; round <= 2000; round += 1) {
        n1.transport.send(heartbeat({ from: "n1", to: "n2", round }));
        if (round % 200 === 0) await session.untilDelivered(n1, n2);
      }
      const rounds = () => n2.rounds().filter((round) => round < 1_000_000);
      await eventually(() => rounds().length >= 2000, "2,000 messages arrive");
      const inOrder = [...rounds()].toSorted((left, right) => left - right);
      assertEqual(
        inOrder,
        Array.from({ length: 2000 }, (_value, index) => index + 1),
        "the rounds that arrived",
      );
    },
  });
  sessionTest(framework, options, {
    title: "never delivers inside a call of send",
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      let isSending = false;
      let deliveredInside = false;
      n2.onMessage = () => {
        deliveredInside ||= isSending;
      };
      await session.untilDelivered(n1, n2);
      isSending = true;
      n1.transport.send(heartbeat({ from: "n1", to: "n2", round: 1 }));
      isSending = false;
      await eventually(() => n2.rounds().includes(1), "the message arrives");
      assertThat(!deliveredInside, "the receiver is called after send has returned");
    },
  });
  sessionTest(framework, options, {
    title: "can be answered from inside a delivery",
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      n2.onMessage = () => n2.transport.send(heartbeat({ from: "n2", to: "n1", round: 1 }));
      await eventually(() => {
        n1.transport.send(heartbeat({ from: "n1", to: "n2", round: 1 }));
        return n1.rounds().includes(1);
      }, "the answer arrives");
    },
  });
}

function declareSize(framework: TestFramework, options: TransportConformance): void {
  sessionTest(framework, options, {
    title: "carries a message as large as it says it can, and control messages after it",
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      const dataBytes = options.largestDataBytes ?? Math.min(n1.transport.maxMessageBytes - 4096, 8 * 1024 * 1024);
      await openBothLanes(session, { from: n1, to: n2 });
      const large = append({ from: "n1", to: "n2", dataBytes });
      n1.transport.send(large);
      await session.untilDelivered(n1, n2);
      const arrived = () => n2.messages.find((message) => entryBytes(message) === dataBytes);
      await eventually(() => arrived() !== undefined, "the large message arrives", 10_000);
      assertEqual(arrived(), large, "the large message");
    },
  });
  const title = "drops a message that is too large, says so, and carries the next one";
  if (options.hasNoSizeLimit !== undefined) {
    skipTest(framework, { title, reason: options.hasNoSizeLimit });
    return;
  }
  sessionTest(framework, options, {
    title,
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      await openBothLanes(session, { from: n1, to: n2 });
      n1.transport.send(append({ from: "n1", to: "n2", dataBytes: n1.transport.maxMessageBytes + 1 }));
      await eventually(
        () => n1.events.some((event) => event.type === "messagesDropped" && event.reason === "tooLarge"),
        "an event messagesDropped with the reason tooLarge",
      );
      await openBothLanes(session, { from: n1, to: n2 });
      assertThat(
        n2.messages.filter(isAppend).every((message) => entryBytes(message) === 1),
        "the message that was too large does not arrive",
      );
    },
  });
}

function declareLifetime(framework: TestFramework, options: TransportConformance): void {
  sessionTest(framework, options, {
    title: "does nothing with what is sent before start",
    body: async (session) => {
      const n2 = await session.start("n2");
      const n1 = session.add("n1");
      n1.transport.send(heartbeat({ from: "n1", to: "n2", round: 1 }));
      await n1.start({});
      await session.untilDelivered(n1, n2);
      assertOnlyMarkers(n2, "what was sent before start does not arrive");
    },
  });
  sessionTest(framework, options, {
    title: "does nothing with what is sent after close, and delivers nothing any more",
    body: async (session) => {
      const [n1, n2, n3] = [await session.start("n1"), await session.start("n2"), await session.start("n3")];
      await session.untilDelivered(n1, n2);
      await session.untilDelivered(n3, n1);
      await n1.transport.close();
      const known = { messages: n1.messages.length, events: n1.events.length };
      n1.transport.send(heartbeat({ from: "n1", to: "n2", round: 1 }));
      for (let round = 1; round <= 50; round += 1) n3.transport.send(heartbeat({ from: "n3", to: "n1", round }));
      await session.untilDelivered(n3, n2);
      assertOnlyMarkers(n2, "what was sent after close does not arrive");
      assertEqual({ messages: n1.messages.length, events: n1.events.length }, known, "what a closed transport reports");
    },
  });
  sessionTest(framework, options, {
    title: "can be closed twice, at the same time, and without having been started",
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), session.add("n2")];
      const closing = [n1.transport.close(), n1.transport.close(), n2.transport.close(), n2.transport.close()];
      await withDeadline(Promise.all(closing), "all four calls of close resolve");
      await withDeadline(n1.transport.close(), "close resolves once more");
    },
  });
  sessionTest(framework, options, {
    title: "can be closed while messages are under way",
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      await session.untilDelivered(n1, n2);
      for (let round = 1; round <= 100; round += 1) {
        n1.transport.send(append({ from: "n1", to: "n2", dataBytes: 50_000 }));
        n2.transport.send(heartbeat({ from: "n2", to: "n1", round }));
      }
      await withDeadline(Promise.all([n1.transport.close(), n2.transport.close()]), "both transports close");
    },
  });
}

function declarePeers(framework: TestFramework, options: TransportConformance): void {
  sessionTest(framework, options, {
    title: "reaches a peer that starts later, and one that was restarted",
    body: async (session) => {
      const n1 = await session.start("n1");
      n1.transport.send(heartbeat({ from: "n1", to: "n2", round: 1 }));
      const n2 = await session.start("n2");
      await session.untilDelivered(n1, n2);
      await session.untilDelivered(n2, n1);
      await n2.transport.close();
      for (let round = 1; round <= 100; round += 1) n1.transport.send(heartbeat({ from: "n1", to: "n2", round }));
      const restarted = await session.start("n2");
      await session.untilDelivered(n1, restarted);
      await session.untilDelivered(restarted, n1);
    },
  });
  sessionTest(framework, options, {
    title: "goes on as before when a message is for a server nobody knows",
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      for (let round = 1; round <= 100; round += 1) n1.transport.send(heartbeat({ from: "n1", to: "n9", round }));
      await session.untilDelivered(n1, n2);
      assertOnlyMarkers(n2, "a message for another server does not arrive here");
    },
  });
  sessionTest(framework, options, {
    title: "does not deliver to the server that sent",
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      n1.transport.send(heartbeat({ from: "n1", to: "n1", round: 1 }));
      await session.untilDelivered(n1, n2);
      await session.untilDelivered(n2, n1);
      assertOnlyMarkers(n1, "a message to oneself is not delivered");
      assertOnlyMarkers(n2, "nor does somebody else get it");
    },
  });
  sessionTest(framework, options, {
    title: "does not keep without bound what a peer that is down cannot take",
    body: async (session) => {
      const n1 = await session.start("n1");
      const megabyte = append({ from: "n1", to: "n2", dataBytes: Math.min(2 ** 20, n1.transport.maxMessageBytes / 2) });
      for (let count = 0; count < 200; count += 1) n1.transport.send(megabyte);
      const n2 = await session.start("n2");
      await openBothLanes(session, { from: n1, to: n2 });
      const stale = n2.messages.filter((message) => isAppend(message) && entryBytes(message) > 1);
      assertThat(stale.length <= 64, `at most 64 of 200 large messages were kept, not ${stale.length}`);
    },
  });
  sessionTest(framework, options, {
    title: "keeps two clusters apart",
    body: async (session) => {
      const n1 = await session.start("n1", { clusterId: "c-1" });
      const n2 = await session.start("n2", { clusterId: "c-2" });
      const n3 = await session.start("n3", { clusterId: "c-1" });
      for (let round = 1; round <= 20; round += 1) {
        n1.transport.send(heartbeat({ from: "n1", to: "n2", round }));
        n2.transport.send(heartbeat({ from: "n2", to: "n1", round }));
        await session.untilDelivered(n1, n3);
      }
      assertEqual(n2.messages.length, 0, "messages delivered to the other cluster");
      assertOnlyMarkers(n1, "nothing arrives from the other cluster");
    },
  });
}

type Session = Parameters<Parameters<typeof sessionTest>[2]["body"]>[0];
type Server = Awaited<ReturnType<Session["start"]>>;
type Received = Server["messages"][number];

/** Sends on both lanes until both have delivered. */
async function openBothLanes(session: Session, way: { readonly from: Server; readonly to: Server }): Promise<void> {
  const known = way.to.messages.filter(isAppend).length;
  await session.untilDelivered(way.from, way.to);
  await eventually(() => {
    way.from.transport.send(append({ from: way.from.nodeId, to: way.to.nodeId, dataBytes: 1 }));
    return way.to.messages.filter((message) => isAppend(message) && entryBytes(message) === 1).length > known;
  }, `a message on the append lane from ${way.from.nodeId} to ${way.to.nodeId}`);
}

/** Markers are still under way, so heartbeats are told apart by their round and appends by their size. */
function isOfKind(message: Received, wanted: Received): boolean {
  if (message.type !== wanted.type || entryBytes(message) !== entryBytes(wanted)) return false;
  return message.type !== "heartbeatRequest" || wanted.type !== "heartbeatRequest" || message.round === wanted.round;
}

function isAppend(message: Received): boolean {
  return laneOf[message.type] === "append";
}

function entryBytes(message: Received): number {
  if (message.type !== "appendRequest") return 0;
  return message.entries.reduce((sum, entry) => sum + entry.data.length, 0);
}
