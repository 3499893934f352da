// Loopback ports that nobody uses.

import { type AddressInfo, createServer, type Server } from "node:net";

/**
 * Below the range from which systems take the local ports of outgoing connections: a node that is down for a moment must
 * find its port free when it comes back.
 */
const lowestPort = 15_000;
const highestPort = 31_999;

/** Distinct free ports of 127.0.0.1. They are held while the others are looked for and free when this resolves. */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  const held: Server[] = [];
  try {
    for (let tries = 0; held.length < count; tries += 1) {
      if (tries > count * 100) throw new Error("no free loopback port was found");
      const server = await tryListen(lowestPort + Math.floor(Math.random() * (highestPort - lowestPort + 1)));
      if (server !== undefined) held.push(server);
    }
    return held.map(portOf);
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function tryListen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}

function portOf(server: Server): number {
  // A TCP server that listens has an address of this shape.
  return (server.address() as AddressInfo).port;
}
