// The transport in memory keeps the contract of all transports, and its links can be cut.

import { transportConformance } from "@quorate/contracts/conformance";
import { describe, expect, test } from "vitest";
import { memoryNetwork } from "../src/index.ts";

transportConformance(
  { describe, test },
  {
    name: "memory",
    newNetwork: () => memoryNetwork(),
    largestDataBytes: 8 * 1024 * 1024,
    hasNoSizeLimit: "messages pass by reference and have no encoded size",
  },
);

type Network = ReturnType<typeof memoryNetwork>;
type Transport = ReturnType<Network["transport"]>;
type Message = Parameters<Transport["send"]>[0];

function beat(from: string, to: string): Message {
  return { type: "heartbeatRequest", from, to, term: 1, commitIndex: 0, round: 1 };
}

/** A network whose deliveries wait until `deliverAll`, and a server on it. */
class Stage {
  readonly waiting: (() => void)[] = [];
  readonly log: string[] = [];
  readonly network: Network;

  constructor(maxInFlight?: number) {
    const defer = (deliver: () => void) => {
      this.waiting.push(deliver);
    };
    this.network = memoryNetwork(maxInFlight === undefined ? { defer } : { defer, maxInFlight });
  }

  async start(nodeId: string): Promise<Transport> {
    const transport = this.network.transport(nodeId);
    await transport.start({
      identity: { clusterId: "c", nodeId, incarnation: "i" },
      onMessage: (message) => this.log.push(`${message.from} to ${nodeId}`),
      onEvent: (event) => this.log.push(event.type),
    });
    return transport;
  }

  deliverAll(): readonly string[] {
    for (const deliver of this.waiting.splice(0)) deliver();
    return this.log.splice(0);
  }
}

describe("links in memory", () => {
  test("a cut link carries nothing in its direction until it is healed", async () => {
    const stage = new Stage();
    const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
    stage.network.cut({ from: "n1", to: "n2" });
    n1.send(beat("n1", "n2"));
    n2.send(beat("n2", "n1"));
    expect(stage.deliverAll()).toEqual(["n2 to n1"]);
    stage.network.heal();
    n1.send(beat("n1", "n2"));
    expect(stage.deliverAll()).toEqual(["n1 to n2"]);
  });

  test("a cut also stops what is under way", async () => {
    const stage = new Stage();
    const [n1] = [await stage.start("n1"), await stage.start("n2")];
    n1.send(beat("n1", "n2"));
    stage.network.cut({ from: "n1", to: "n2" });
    expect(stage.deliverAll()).toEqual([]);
  });

  test("a message that was under way does not reach the successor of its receiver", async () => {
    const stage = new Stage();
    const [n1, n2] = [await stage.start("n1"), await stage.start("n2")];
    n1.send(beat("n1", "n2"));
    await n2.close();
    await stage.start("n2");
    expect(stage.deliverAll()).toEqual([]);
  });

  test("messages beyond the limit under way are dropped and told", async () => {
    const stage = new Stage(2);
    const [n1] = [await stage.start("n1"), await stage.start("n2")];
    for (let count = 0; count < 3; count += 1) n1.send(beat("n1", "n2"));
    expect(stage.deliverAll()).toEqual(["messagesDropped", "n1 to n2", "n1 to n2"]);
    n1.send(beat("n1", "n2"));
    expect(stage.deliverAll()).toEqual(["n1 to n2"]);
  });

  test("messages are delivered by reference", async () => {
    const network = memoryNetwork();
    const received: Message[] = [];
    const [n1, n2] = [network.transport("n1"), network.transport("n2")];
    const receiver = (nodeId: string) => ({
      identity: { clusterId: "c", nodeId, incarnation: "i" },
      onMessage: (message: Message) => received.push(message),
      onEvent: () => {},
    });
    await Promise.all([n1.start(receiver("n1")), n2.start(receiver("n2"))]);
    const message = beat("n1", "n2");
    n1.send(message);
    await Promise.resolve();
    expect(received[0]).toBe(message);
  });
});
