// Certificates and authorities are exchanged while the servers run, and run out while somebody watches.

import { afterAll, describe, expect, test } from "vitest";
import type { TcpTls } from "../src/options.ts";
import { Authority, Files } from "./authority.ts";
import { eventually } from "./eventually.ts";
import { type Actor, beat, eventOf, Stage } from "./stage.ts";
import { Caller } from "./tls-caller.ts";

const [older, newer] = [new Authority("Older authority"), new Authority("Newer authority")];
const both = older.pem + newer.pem;
const opened: Files[] = [];
afterAll(() => {
  for (const files of opened) files[Symbol.dispose]();
});

function filesOf(nodeId: string, validDays: readonly [number, number] = [-1, 365]): Files {
  const files = new Files({ ca: older.pem, ...older.issue({ nodeId, validDays }) });
  opened.push(files);
  return files;
}

function tlsOf(files: Files, more: Partial<TcpTls> = {}): { readonly tls: TcpTls } {
  return { tls: { ...files.paths, reloadMs: 100, ...more } };
}

/** Two servers that have heard each other. */
async function pair(stage: Stage): Promise<{ n1: Actor; n2: Actor; files: readonly [Files, Files] }> {
  const files = [filesOf("n1"), filesOf("n2")] as const;
  const n1 = await stage.start("n1", tlsOf(files[0]));
  const n2 = await stage.start("n2", tlsOf(files[1]));
  await untilBothHear(n1, n2);
  return { n1, n2, files };
}

async function untilBothHear(n1: Actor, n2: Actor): Promise<void> {
  const [before1, before2] = [n1.messages.length, n2.messages.length];
  await eventually(() => {
    n1.transport.send(beat("n1", "n2"));
    n2.transport.send(beat("n2", "n1"));
    expect(n1.messages.length).toBeGreaterThan(before1);
    expect(n2.messages.length).toBeGreaterThan(before2);
  });
}

function loads(actor: Actor): number {
  return actor.events.filter((event) => event.type === "certificateLoaded").length;
}

describe("files that change while a server runs", () => {
  test("are used for new connections, and the others stay", async () => {
    await using stage = new Stage();
    const { n1, n2, files } = await pair(stage);
    files[0].write(older.issue({ nodeId: "n1" }));
    await eventually(() => expect(loads(n1)).toBe(2));
    await using caller = await Caller.dial(n1, filesOf("n3"));
    expect(caller.socket.getPeerX509Certificate()?.fingerprint256).toBe(n1.transport.certificate?.fingerprint);
    await untilBothHear(n1, n2);
    expect([...n1.events, ...n2.events].map((event) => event.type)).not.toContain("peerDisconnected");
  });

  test("can exchange the authority step by step, and nobody loses anybody", async () => {
    await using stage = new Stage();
    const { n1, n2, files } = await pair(stage);
    const step = async (change: (index: 0 | 1) => void): Promise<void> => {
      const known = [loads(n1), loads(n2)] as const;
      for (const index of [0, 1] as const) {
        change(index);
        await eventually(() => expect(loads([n1, n2][index] ?? n1)).toBe(known[index] + 1));
        await untilBothHear(n1, n2);
      }
    };
    await step((index) => files[index].write({ ca: both }));
    await step((index) => files[index].write(newer.issue({ nodeId: `n${index + 1}` })));
    await step((index) => files[index].write({ ca: newer.pem }));
    expect(n1.transport.certificate).toBeDefined();
    await using late = await Caller.dial(n1, filesOf("n2"));
    await eventually(() => expect(late.heard).toContain("QUORATE_CERTIFICATE_REFUSED"));
  });

  test("end the connections of those whose authority is trusted no more", async () => {
    await using stage = new Stage();
    const { n1, n2, files } = await pair(stage);
    await eventually(() => expect(eventOf(n1, "peerConnected")).toBeDefined());
    files[0].write({ ca: newer.pem });
    await eventually(() => expect(eventOf(n1, "peerDisconnected")?.code).toBe("QUORATE_CERTIFICATE_REFUSED"));
    await eventually(() => expect(eventOf(n1, "peerRefused")?.detail).toMatch(/n2: its certificate is signed by/));
    await eventually(() => expect(eventOf(n2, "peerDisconnected")).toBeDefined());
  });

  test("end the connections also of one that shows a stranger's certificate in its authority's place", async () => {
    await using stage = new Stage();
    const [own, stranger] = [older.issue({ nodeId: "n2" }), newer.issue({ nodeId: "Older authority" })];
    const files = [filesOf("n1"), filesOf("n2")] as const;
    files[0].write({ ca: both });
    files[1].write({ cert: own.cert + stranger.cert, key: own.key });
    const n1 = await stage.start("n1", tlsOf(files[0]));
    const n2 = await stage.start("n2", tlsOf(files[1]));
    await untilBothHear(n1, n2);
    files[0].write({ ca: newer.pem });
    await eventually(() => expect(eventOf(n1, "peerRefused")?.detail).toMatch(/n2: its certificate is signed by/));
    await eventually(() => expect(eventOf(n2, "peerDisconnected")).toBeDefined());
  });

  test("are told once to be of no use, and those read before stay in use", async () => {
    await using stage = new Stage();
    const { n1, n2, files } = await pair(stage);
    files[0].write({ key: "nothing" });
    await eventually(() => expect(eventOf(n1, "transportWarning")?.code).toBe("QUORATE_TLS_UNUSABLE"));
    await untilBothHear(n1, n2);
    files[0].write(older.issue({ nodeId: "n1" }));
    await eventually(() => expect(loads(n1)).toBe(2));
    expect(n1.events.filter((event) => event.type === "transportWarning").length).toBe(1);
  });
});

test("a new certificate that names another server is of no use either", async () => {
  await using stage = new Stage();
  const { n1, n2, files } = await pair(stage);
  files[0].write(older.issue({ nodeId: "n3" }));
  await eventually(() =>
    expect(eventOf(n1, "transportWarning")?.detail).toMatch(/speaks for quorate:\/\/c-1\/n3, but/),
  );
  expect(loads(n1)).toBe(1);
  await untilBothHear(n1, n2);
});

describe("the end of a certificate", () => {
  test("is told ahead, and once", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", tlsOf(filesOf("n1", [-1, 10])));
    const n2 = await stage.start("n2", tlsOf(filesOf("n2", [-1, 20])));
    expect(eventOf(n1, "transportWarning")?.code).toBe("QUORATE_CERTIFICATE_EXPIRING");
    expect(eventOf(n1, "transportWarning")?.detail).toMatch(/expires on \d{4}-\d{2}-\d{2}T/);
    await untilBothHear(n1, n2);
    expect(n1.events.filter((event) => event.type === "transportWarning").length).toBe(1);
    expect(eventOf(n2, "transportWarning")).toBeUndefined();
  });

  test("ends its connections, and is told", async () => {
    await using stage = new Stage();
    let nowMs = Date.now();
    const wallClock = () => nowMs;
    const n1 = await stage.start("n1", tlsOf(filesOf("n1", [-1, 300]), { wallClock }));
    const n2 = await stage.start("n2", tlsOf(filesOf("n2", [-1, 20])));
    await untilBothHear(n1, n2);
    nowMs += 21 * 24 * 60 * 60 * 1000;
    await eventually(() => expect(eventOf(n1, "peerRefused")?.detail).toMatch(/n2: its certificate expired on/));
    await eventually(() => expect(eventOf(n2, "peerDisconnected")?.code).toBe("QUORATE_CERTIFICATE_REFUSED"));
    nowMs += 300 * 24 * 60 * 60 * 1000;
    await eventually(() => expect(n1.events.at(-1)).toMatchObject({ code: "QUORATE_CERTIFICATE_EXPIRED" }));
  });
});
