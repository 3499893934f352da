// Servers that prove who they are: each reason not to believe one is told on both sides, and nothing is said to it before.

import { connect as connectPlain } from "node:net";
import { connect } from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import { Authority, Files, type Wish } from "./authority.ts";
import { eventually } from "./eventually.ts";
import { Caller } from "./tls-caller.ts";
import { addressOf, append, beat, eventOf, Stage } from "./stage.ts";

const authority = new Authority();
const stranger = new Authority("Another authority");
const opened: Files[] = [];
afterAll(() => {
  for (const files of opened) files[Symbol.dispose]();
});

/** The files of a server, as this authority made them. */
function filesOf(wish: Wish, { by = authority, trusting = authority.pem } = {}): Files {
  const files = new Files({ ca: trusting, ...by.issue(wish) });
  opened.push(files);
  return files;
}

function tlsOf(nodeId: string): { readonly tls: Files["paths"] } {
  return { tls: filesOf({ nodeId }).paths };
}

const brokenPem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

function misfit(): Files {
  return filled({ key: authority.issue().key });
}

function filled(changes: Partial<Files["paths"]>): Files {
  const files = filesOf({});
  files.write(changes);
  return files;
}

describe("servers with certificates", () => {
  test("exchange messages on all lanes", async () => {
    await using stage = new Stage();
    const [n1, n2] = [await stage.start("n1", tlsOf("n1")), await stage.start("n2", tlsOf("n2"))];
    n1.transport.send(beat("n1", "n2"));
    n1.transport.send(append("n1", "n2", 300_000));
    await eventually(() => expect(n2.messages.length).toBe(2));
    expect(n2.messages).toContainEqual(append("n1", "n2", 300_000));
  });

  test("believe certificates of an authority between that one of theirs has signed", async () => {
    await using stage = new Stage();
    const between = new Authority("Department", authority);
    const files = filesOf({ nodeId: "n2" });
    const { cert, key } = between.issue({ nodeId: "n2" });
    files.write({ cert: cert + between.pem, key });
    const n1 = await stage.start("n1", tlsOf("n1"));
    const n2 = await stage.start("n2", { tls: files.paths });
    n1.transport.send(beat("n1", "n2"));
    n2.transport.send(beat("n2", "n1"));
    await eventually(() => expect([n1.messages.length, n2.messages.length]).toEqual([1, 1]));
  });

  test("show nothing of the messages on the wire", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", tlsOf("n1"));
    const socket = connectPlain(addressOf(n1));
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => {});
    socket.write("QRFT: is there anybody without TLS?");
    await eventually(() => expect(eventOf(n1, "garbageReceived")).toBeDefined());
    expect(eventOf(n1, "garbageReceived")?.detail).toMatch(/not the beginning of a TLS 1.3 connection/);
    expect(Buffer.concat(chunks).includes("c-1")).toBe(false);
    socket.destroy();
  });

  test("tell which certificate they use and until when", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", tlsOf("n1"));
    expect(eventOf(n1, "certificateLoaded")?.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(n1.transport.certificate?.validUntilMs).toBeGreaterThan(Date.now());
  });

  test("speak TLS 1.3 and nothing older", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", tlsOf("n1"));
    const socket = connect({ ...addressOf(n1), rejectUnauthorized: false, maxVersion: "TLSv1.2" });
    const failure = await new Promise<Error>((resolve) => {
      socket.once("error", resolve);
    });
    expect(String(failure)).toMatch(/protocol version|ECONNRESET/i);
  });
});

describe("a server is refused", () => {
  test.each<[string, Files, string, RegExp]>([
    [
      "of another authority",
      filesOf({ nodeId: "n2" }, { by: stranger }),
      "QUORATE_CERTIFICATE_REFUSED",
      /not accepted/,
    ],
    ["that is another one", filesOf({ nodeId: "n3" }), "QUORATE_CERTIFICATE_MISMATCH", /speaks for .*n3, not for n2/],
    ["of another cluster", filesOf({ nodeId: "n2", clusterId: "c-2" }), "QUORATE_CERTIFICATE_MISMATCH", /c-2\/n2/],
    ["without a name", filesOf({ uris: [] }), "QUORATE_CERTIFICATE_MISMATCH", /no server/],
    [
      "whose host name is made up to look like a name",
      filesOf({ uris: [], dnsNames: ["x, URI:quorate://c-1/n2, DNS:y"] }),
      "QUORATE_CERTIFICATE_MISMATCH",
      /no server/,
    ],
    ["whose time is over", filesOf({ nodeId: "n2", validDays: [-9, -1] }), "QUORATE_CERTIFICATE_REFUSED", /expired/i],
    [
      "whose time has not come",
      filesOf({ nodeId: "n2", validDays: [1, 9] }),
      "QUORATE_CERTIFICATE_REFUSED",
      /not.yet.valid/i,
    ],
  ])("%s: it hears why when it calls", async (_what, files, code, detail) => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", tlsOf("n1"));
    await using forger = await Caller.dial(n1, files);
    await eventually(() => expect(forger.heard).toContain(code));
    expect(eventOf(n1, "peerRefused")).toMatchObject({ peer: "n2", code });
    expect(eventOf(n1, "peerRefused")?.detail).toMatch(detail);
  });

  test("without a certificate, and it hears why", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", tlsOf("n1"));
    await using forger = await Caller.dial(n1, undefined);
    await eventually(() => expect(forger.heard).toContain("QUORATE_CERTIFICATE_REFUSED"));
    expect(eventOf(n1, "peerRefused")?.detail).toBe("n2: it shows no certificate");
    expect(forger.heard).not.toContain("incarnation");
  });

  test("that answers with another one's certificate, before anything is said to it", async () => {
    await using stage = new Stage();
    const n3 = await stage.start("n3", tlsOf("n3"));
    const n1 = await stage.start("n1", { ...tlsOf("n1"), peers: { n2: addressOf(n3) } });
    await eventually(() => expect(eventOf(n1, "peerUnreachable")?.code).toBe("QUORATE_CERTIFICATE_MISMATCH"));
    expect(eventOf(n1, "peerUnreachable")?.detail).toMatch(/expecting n2: its certificate speaks for .*n3/);
    expect(n3.events.filter((event) => event.type === "peerRefused")).toEqual([]);
  });

  test("that has no TLS at all, on both sides", async () => {
    await using stage = new Stage();
    const [n1, n2] = [await stage.start("n1", tlsOf("n1")), await stage.start("n2")];
    n1.transport.send(beat("n1", "n2"));
    n2.transport.send(beat("n2", "n1"));
    await eventually(() => expect(eventOf(n1, "peerUnreachable")).toBeDefined());
    await eventually(() => expect(eventOf(n2, "peerUnreachable")).toBeDefined());
    expect([...n1.messages, ...n2.messages]).toEqual([]);
  });

  test("that is no member, however good its certificate is", async () => {
    await using stage = new Stage();
    const n1 = await stage.start("n1", { ...tlsOf("n1"), peers: {} });
    await using caller = await Caller.dial(n1, filesOf({ nodeId: "n2" }));
    await eventually(() => expect(caller.heard).toContain("QUORATE_PEER_UNKNOWN"));
  });
});

describe("a server does not start", () => {
  test.each<[string, Files, string, RegExp]>([
    [
      "with the certificate of another one",
      filesOf({ nodeId: "n2" }),
      "QUORATE_CERTIFICATE_MISMATCH",
      /this server is quorate:\/\/c-1\/n1/,
    ],
    ["with a key that does not fit", misfit(), "QUORATE_TLS_UNUSABLE", /not the key/],
    ["with a file that is none", filled({ cert: "nothing" }), "QUORATE_TLS_UNUSABLE", /tls\.cert .* no certificate/],
    ["with a broken certificate", filled({ ca: brokenPem }), "QUORATE_TLS_UNUSABLE", /tls\.ca .* cannot be read/],
  ])("%s", async (_what, files, code, message) => {
    await using stage = new Stage();
    const starting = stage.start("n1", { tls: files.paths });
    await expect(starting).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test("with a file that is missing", async () => {
    await using stage = new Stage();
    const tls = { ...filesOf({}).paths, key: "/nowhere/key.pem" };
    const starting = stage.start("n1", { tls });
    await expect(starting).rejects.toMatchObject({ message: expect.stringMatching(/\/nowhere\/key.pem .*ENOENT/) });
  });
});
