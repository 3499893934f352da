// Laws about what is too much, what is not meant for the transport at all, and what is left behind.

import { assertEqual, assertThat, eventually, skipTest, type TestFramework } from "./harness.ts";
import {
  append,
  heartbeat,
  sessionTest,
  type TestServer,
  type TransportConformance,
  TransportSession,
} from "./transport-session.ts";

/** Declares the laws about limits under load, noise, and leftovers. */
export function declareStress(framework: TestFramework, options: TransportConformance): void {
  declareBackPressure(framework, options);
  declareNoise(framework, options);
  declareLeftovers(framework, options);
}

function declareBackPressure(framework: TestFramework, options: TransportConformance): void {
  const title = "drops and counts what is sent faster than it can leave, and goes on";
  if (options.hasNoSizeLimit !== undefined) {
    skipTest(framework, { title, reason: options.hasNoSizeLimit });
    return;
  }
  sessionTest(framework, options, {
    title,
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      await session.untilDelivered(n1, n2);
      const dataBytes = Math.floor(Math.min(2 ** 20, n1.transport.maxMessageBytes / 2));
      const large = append({ from: "n1", to: "n2", dataBytes });
      const sent = Math.ceil(2 ** 27 / dataBytes);
      // In one turn of the event loop, so that nothing can leave meanwhile.
      for (let count = 0; count < sent; count += 1) n1.transport.send(large);
      await eventually(() => dropped(n1) > 0, "an event messagesDropped with the reason queueFull");
      await session.untilDelivered(n1, n2);
      const arrived = n2.messages.filter((message) => message.type === "appendRequest").length;
      assertThat(arrived < sent, `of ${sent} messages of ${dataBytes} bytes, all were kept`);
    },
  });
}

function declareNoise(framework: TestFramework, options: TransportConformance): void {
  const title = "reports what is no message, delivers nothing of it, and goes on";
  if (options.sendNoise === undefined) {
    skipTest(framework, { title, reason: "no bytes reach this transport from outside" });
    return;
  }
  const { sendNoise } = options;
  sessionTest(framework, options, {
    title,
    body: async (session) => {
      const [n1, n2] = [await session.start("n1"), await session.start("n2")];
      await session.untilDelivered(n1, n2);
      const known = n2.messages.filter((message) => message.type !== "heartbeatRequest").length;
      for (const noise of noises()) await sendNoise(n2, noise);
      await eventually(() => n2.events.some((event) => event.type === "garbageReceived"), "an event garbageReceived");
      await session.untilDelivered(n1, n2);
      const after = n2.messages.filter((message) => message.type !== "heartbeatRequest").length;
      assertEqual(after, known, "messages delivered from noise");
    },
  });
}

function declareLeftovers(framework: TestFramework, options: TransportConformance): void {
  const title = "leaves nothing open when it is closed";
  if (options.openHandles === undefined) {
    skipTest(framework, { title, reason: "it opens nothing that could be counted" });
    return;
  }
  const { openHandles } = options;
  framework.test(title, async () => {
    const before = await settled(openHandles);
    const session = new TransportSession(await options.newNetwork());
    const [n1, n2] = [await session.start("n1"), await session.start("n2")];
    await session.untilDelivered(n1, n2);
    await session.untilDelivered(n2, n1);
    // A peer that never comes: attempts to reach it must end too.
    n1.transport.send(heartbeat({ from: "n1", to: "n9", round: 1 }));
    const whileOpen = openHandles();
    await session.close();
    assertThat(whileOpen > before, "something is open while the transports run, or the count counts nothing");
    await eventually(() => openHandles() <= before, `no more than the ${before} handles from before are open`);
  });
}

/** What the tests before have closed may take a few turns to be gone. */
async function settled(openHandles: () => number): Promise<number> {
  const counts: number[] = [];
  await eventually(() => counts.push(openHandles()) >= 10, "ten looks at the open handles");
  return Math.min(...counts);
}

function dropped(server: TestServer): number {
  return server.events.reduce(
    (sum, event) => sum + (event.type === "messagesDropped" && event.reason === "queueFull" ? event.count : 0),
    0,
  );
}

/** Short and long, text and not: a request of another protocol, zeros, extremes, and counting bytes. */
function noises(): readonly Uint8Array[] {
  return [
    new TextEncoder().encode("GET / HTTP/1.1\r\nHost: example\r\n\r\n"),
    new Uint8Array(64),
    new Uint8Array(64).fill(0xff),
    Uint8Array.from({ length: 5000 }, (_value, position) => position % 256),
  ];
}
