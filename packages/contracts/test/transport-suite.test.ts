// The transport suite must be able to fail: a correct transport passes all of its laws, and each mistake breaks the law that
// forbids it. The transport hands messages over in memory.

import { describe, expect, test } from "vitest";
import { transportConformance } from "../src/conformance/index.ts";
import { laneOf, type PeerDirectory, type Transport, type TransportReceiver } from "../src/index.ts";
import { brokenLaws, collectLaws } from "./suite-runner.ts";

type Message = Parameters<Transport["send"]>[0];

type Mistake =
  | "none"
  | "delivers nothing to n1"
  | "alters entries"
  | "loses one in a hundred"
  | "repeats one in a hundred"
  | "delivers inside send"
  | "names the store of the receiver"
  | "delivers once per peer and turn"
  | "cannot carry its largest message"
  | "carries what is too large"
  | "keeps what is sent before start"
  | "delivers after close"
  | "hangs in a second close"
  | "hangs in close while messages are under way"
  | "does not notice a restart"
  | "gives what nobody knows to somebody"
  | "delivers to itself"
  | "keeps everything for a peer that is down"
  | "mixes clusters"
  | "listens to those who are no peers"
  | "talks to those who are no peers"
  | "never forgives"
  | "forgets the peers at start"
  | "drops without a word"
  | "keeps whatever is sent"
  | "takes noise for messages"
  | "says nothing of noise"
  | "leaves something open";

type Member = {
  readonly receiver: TransportReceiver;
  isOpen: boolean;
  /** Undefined: everybody is a peer. */
  peers: Set<string> | undefined;
};
type Network = { readonly members: Map<string, Member>; readonly kept: Message[]; underWay: number; count: number };

const maxMessageBytes = 100_000;
const maxUnderWay = 1000;
/** Transports that were started and not closed. */
let openCount = 0;

class HandOver implements Transport {
  readonly maxMessageBytes = maxMessageBytes;
  readonly #nodeId: string;
  readonly #network: Network;
  readonly #mistake: Mistake;
  readonly #early: Message[] = [];
  #self: Member | undefined;
  #peers: Set<string> | undefined;
  #isBusy = false;
  #closes = 0;

  constructor(nodeId: string, network: Network, mistake: Mistake) {
    this.#nodeId = nodeId;
    this.#network = network;
    this.#mistake = mistake;
  }

  /** Bytes that come from somebody who does not speak the protocol. */
  noise(): void {
    const detail = "not a message";
    if (this.#mistake === "takes noise for messages") {
      const { nodeId } = this.#self?.receiver.identity ?? { nodeId: "" };
      this.#self?.receiver.onMessage({ type: "timeoutNow", from: "n1", to: nodeId, term: 1 }, "i");
    }
    if (this.#mistake === "says nothing of noise") return;
    this.#self?.receiver.onEvent({ type: "garbageReceived", from: "x", code: "QUORATE_DECODE_FAILED", detail });
  }

  async start(receiver: TransportReceiver): Promise<void> {
    openCount += 1;
    const peers = this.#mistake === "forgets the peers at start" ? undefined : this.#peers;
    this.#self = { receiver, isOpen: true, peers };
    const { members, kept } = this.#network;
    if (!members.has(this.#nodeId) || this.#mistake !== "does not notice a restart") {
      members.set(this.#nodeId, this.#self);
    }
    for (const message of this.#early.splice(0)) this.send(message);
    for (const message of kept.splice(0)) this.#hand(message);
  }

  setPeers(peers: PeerDirectory): void {
    const forgives = this.#mistake !== "never forgives";
    this.#peers = new Set([...peers.keys()].filter((peer) => forgives || this.#peers?.has(peer) !== false));
    if (this.#self !== undefined) this.#self.peers = this.#peers;
  }

  send(message: Message): void {
    if (this.#self === undefined && this.#mistake === "keeps what is sent before start") this.#early.push(message);
    if (this.#self?.isOpen !== true) return;
    if (message.to === this.#nodeId && this.#mistake !== "delivers to itself") return;
    this.#network.count += 1;
    const bytes = message.type === "appendRequest" ? (message.entries[0]?.data.length ?? 0) : 0;
    const limit = this.#mistake === "cannot carry its largest message" ? maxMessageBytes / 2 : maxMessageBytes;
    if (bytes > limit && this.#mistake !== "carries what is too large") {
      this.#tellDrop(message, "tooLarge");
      return;
    }
    if (this.#network.underWay >= maxUnderWay && this.#mistake !== "keeps whatever is sent") {
      if (this.#mistake !== "drops without a word") this.#tellDrop(message);
      return;
    }
    if (this.#mistake === "loses one in a hundred" && this.#network.count % 100 === 0) return;
    if (this.#mistake === "repeats one in a hundred" && this.#network.count % 100 === 0) this.#hand(message);
    this.#hand(message);
  }

  close(): Promise<void> {
    this.#closes += 1;
    if (this.#closes === 1 && this.#self !== undefined && this.#mistake !== "leaves something open") openCount -= 1;
    if (this.#self !== undefined) this.#self.isOpen = this.#mistake === "delivers after close";
    const hangs =
      (this.#mistake === "hangs in a second close" && this.#closes === 2) ||
      (this.#mistake === "hangs in close while messages are under way" && this.#network.underWay > 0);
    return hangs ? new Promise(() => {}) : Promise.resolve();
  }

  #hand(message: Message): void {
    const { members, kept } = this.#network;
    const stranger = this.#mistake === "gives what nobody knows to somebody" ? members.get("n2") : undefined;
    const target = members.get(message.to) ?? stranger;
    const self = this.#self;
    if (self === undefined) return;
    if (target === undefined && this.#mistake === "keeps everything for a peer that is down") kept.push(message);
    if (target === undefined || !this.#mayTalk(target)) return;
    if (this.#mistake === "delivers nothing to n1" && message.to === "n1") return;
    if (this.#mistake === "delivers once per peer and turn" && this.#isBusy) return;
    this.#isBusy = true;
    this.#network.underWay += 1;
    const deliver = () => {
      this.#isBusy = false;
      this.#network.underWay -= 1;
      if (!target.isOpen) return;
      const speaker = this.#mistake === "names the store of the receiver" ? target : self;
      const { incarnation } = speaker.receiver.identity;
      target.receiver.onMessage(this.#mistake === "alters entries" ? altered(message) : message, incarnation);
    };
    if (this.#mistake === "delivers inside send") deliver();
    else setImmediate(deliver);
  }

  #tellDrop(message: Message, reason: "queueFull" | "tooLarge" = "queueFull"): void {
    const lane = laneOf[message.type];
    this.#self?.receiver.onEvent({ type: "messagesDropped", peer: message.to, lane, count: 1, reason });
  }

  #mayTalk(target: Member): boolean {
    const [self, other] = [this.#nodeId, target.receiver.identity.nodeId];
    if (this.#peers?.has(other) === false && this.#mistake !== "talks to those who are no peers") return false;
    if (target.peers?.has(self) === false && this.#mistake !== "listens to those who are no peers") return false;
    const isSame = target.receiver.identity.clusterId === this.#self?.receiver.identity.clusterId;
    return isSame || this.#mistake === "mixes clusters";
  }
}

function altered(message: Message): Message {
  if (message.type !== "appendRequest") return message;
  return { ...message, entries: message.entries.map((entry) => ({ ...entry, data: entry.data.slice().fill(0) })) };
}

function lawsOf(mistake: Mistake): ReturnType<typeof collectLaws> {
  return collectLaws((framework) =>
    transportConformance(framework, {
      name: "hand over",
      newNetwork: () => {
        const network: Network = { members: new Map(), kept: [], underWay: 0, count: 0 };
        return { transport: (nodeId) => new HandOver(nodeId, network, mistake) };
      },
      sendNoise: async ({ transport }) => {
        if (transport instanceof HandOver) transport.noise();
      },
      openHandles: () => openCount,
    }),
  );
}

const stressMistakes: readonly { mistake: Mistake; law: string }[] = [
  { mistake: "drops without a word", law: "drops and counts what is sent faster than it can leave, and goes on" },
  { mistake: "keeps whatever is sent", law: "drops and counts what is sent faster than it can leave, and goes on" },
  { mistake: "takes noise for messages", law: "reports what is no message, delivers nothing of it, and goes on" },
  { mistake: "says nothing of noise", law: "reports what is no message, delivers nothing of it, and goes on" },
];

const membershipMistakes: readonly { mistake: Mistake; law: string }[] = [
  {
    mistake: "listens to those who are no peers",
    law: "delivers nothing from a server that is no peer any more, until it is one again",
  },
  {
    mistake: "never forgives",
    law: "delivers nothing from a server that is no peer any more, until it is one again",
  },
  {
    mistake: "talks to those who are no peers",
    law: "sends nothing to a server that is no peer any more, until it is one again",
  },
  {
    mistake: "forgets the peers at start",
    law: "knows the peers that it was told of before start, and lets a new one in later",
  },
];

describe("the transport suite", () => {
  test("passes a correct transport", async () => {
    expect(await brokenLaws(lawsOf("none"))).toEqual([]);
  });

  test.concurrent.each<{ mistake: Mistake; law: string }>([
    { mistake: "delivers nothing to n1", law: "delivers in both directions" },
    { mistake: "alters entries", law: "delivers messages of all lanes unchanged" },
    {
      mistake: "names the store of the receiver",
      law: "tells with every message from which store of the sender it came",
    },
    {
      mistake: "loses one in a hundred",
      law: "loses and repeats nothing while nothing fails, in whatever order it arrives",
    },
    {
      mistake: "repeats one in a hundred",
      law: "loses and repeats nothing while nothing fails, in whatever order it arrives",
    },
    {
      mistake: "delivers once per peer and turn",
      law: "loses and repeats nothing while nothing fails, in whatever order it arrives",
    },
    { mistake: "delivers inside send", law: "never delivers inside a call of send" },
    { mistake: "delivers nothing to n1", law: "can be answered from inside a delivery" },
    {
      mistake: "cannot carry its largest message",
      law: "carries a message as large as it says it can, and control messages after it",
    },
    {
      mistake: "carries what is too large",
      law: "drops a message that is too large, says so, and carries the next one",
    },
    { mistake: "keeps what is sent before start", law: "does nothing with what is sent before start" },
    {
      mistake: "delivers after close",
      law: "does nothing with what is sent after close, and delivers nothing any more",
    },
    {
      mistake: "hangs in a second close",
      law: "can be closed twice, at the same time, and without having been started",
    },
    { mistake: "hangs in close while messages are under way", law: "can be closed while messages are under way" },
    { mistake: "does not notice a restart", law: "reaches a peer that starts later, and one that was restarted" },
    {
      mistake: "gives what nobody knows to somebody",
      law: "goes on as before when a message is for a server nobody knows",
    },
    { mistake: "delivers to itself", law: "does not deliver to the server that sent" },
    {
      mistake: "keeps everything for a peer that is down",
      law: "does not keep without bound what a peer that is down cannot take",
    },
    { mistake: "mixes clusters", law: "keeps two clusters apart" },
    ...membershipMistakes,
    ...stressMistakes,
  ])(
    "catches a transport that $mistake: it $law",
    async ({ mistake, law }) => {
      expect(await brokenLaws(lawsOf(mistake), law)).toEqual([law]);
    },
    60_000,
  );

  // By itself: the count of open transports is one for all.
  test("catches a transport that leaves something open", async () => {
    const law = "leaves nothing open when it is closed";
    expect(await brokenLaws(lawsOf("none"), law)).toEqual([]);
    expect(await brokenLaws(lawsOf("leaves something open"), law)).toEqual([law]);
  });

  test("says why a law was skipped", () => {
    const { skipped } = collectLaws((framework) =>
      transportConformance(framework, {
        name: "hand over",
        newNetwork: () => ({ transport: () => Promise.reject(new Error("not made here")) as never }),
        hasNoSizeLimit: "it measures nothing",
      }),
    );
    expect(skipped).toEqual([
      "drops a message that is too large, says so, and carries the next one (skipped: it measures nothing)",
      "drops and counts what is sent faster than it can leave, and goes on (skipped: it measures nothing)",
      "reports what is no message, delivers nothing of it, and goes on (skipped: no bytes reach this transport from outside)",
      "leaves nothing open when it is closed (skipped: it opens nothing that could be counted)",
    ]);
  });
});
