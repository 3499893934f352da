// Laws about `setPeers`: membership changes while the servers run, and a transport talks to the members and to nobody else.

import { assertEqual, type TestFramework } from "./harness.ts";
import { heartbeat, sessionTest, type TestServer, type TransportConformance } from "./transport-session.ts";

/** Declares the laws about who may be talked to. */
export function declareMembership(framework: TestFramework, options: TransportConformance): void {
  sessionTest(framework, options, {
    title: "delivers nothing from a server that is no peer any more, until it is one again",
    body: async (session) => {
      const [n1, n2, n3] = [await session.start("n1"), await session.start("n2"), await session.start("n3")];
      await session.untilDelivered(n2, n1);
      n1.transport.setPeers(peers("n3"));
      for (let round = 1; round <= 20; round += 1) {
        n2.transport.send(heartbeat({ from: "n2", to: "n1", round }));
        await session.untilDelivered(n3, n1);
      }
      assertEqual(plainRounds(n1), [], "rounds delivered from a server that is no peer");
      n1.transport.setPeers(peers("n2", "n3"));
      await session.untilDelivered(n2, n1);
    },
  });
  sessionTest(framework, options, {
    title: "sends nothing to a server that is no peer any more, until it is one again",
    body: async (session) => {
      const [n1, n2, n3] = [await session.start("n1"), await session.start("n2"), await session.start("n3")];
      await session.untilDelivered(n1, n2);
      n1.transport.setPeers(peers("n3"));
      for (let round = 1; round <= 20; round += 1) {
        n1.transport.send(heartbeat({ from: "n1", to: "n2", round }));
        await session.untilDelivered(n1, n3);
      }
      assertEqual(plainRounds(n2), [], "rounds that were sent to a server that is no peer");
      n1.transport.setPeers(peers("n2", "n3"));
      await session.untilDelivered(n1, n2);
    },
  });
  sessionTest(framework, options, {
    title: "knows the peers that it was told of before start, and lets a new one in later",
    body: async (session) => {
      const [n2, n3] = [await session.start("n2"), await session.start("n3")];
      const n1 = session.add("n1");
      n1.transport.setPeers(peers("n1", "n3"));
      await n1.start({});
      for (let round = 1; round <= 20; round += 1) {
        n2.transport.send(heartbeat({ from: "n2", to: "n1", round }));
        await session.untilDelivered(n3, n1);
      }
      assertEqual(plainRounds(n1), [], "rounds delivered from a server that is no peer yet");
      n1.transport.setPeers(peers("n1", "n2", "n3"));
      await session.untilDelivered(n2, n1);
      await session.untilDelivered(n1, n2);
    },
  });
}

function peers(...nodeIds: readonly string[]): ReadonlyMap<string, undefined> {
  return new Map(nodeIds.map((nodeId) => [nodeId, undefined]));
}

/** What arrived besides markers. */
function plainRounds(server: TestServer): readonly number[] {
  return server.rounds().filter((round) => round < 1_000_000);
}
