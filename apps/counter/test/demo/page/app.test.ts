// The guards of the page's HTTP interface, and its stream, without sockets.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createPageHandler, tokenHeader } from "../../../src/demo/page/app.ts";
import { CommandRefused } from "../../../src/demo/page/commands.ts";
import { Feed } from "../../../src/demo/page/feed.ts";
import { readPageFiles } from "../../../src/demo/page/files.ts";
import type { Command } from "../../../src/demo/page/protocol.ts";
import { calm, withAcknowledged } from "./sections.ts";

const token = "the-token-of-this-run";
const kill: Command = { type: "kill", node: "n1" };

/** A folder as it is built. */
function makeFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "quorate-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "assets"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function makePage() {
  const built = { "live.html": "<p>cluster</p>", "assets/live.js": "1", "notes.txt": "not served" };
  const files = await readPageFiles(makeFolder(built));
  if (files === undefined) throw new Error("the page has no document");
  const state = { atMs: 0, sections: calm };
  const feed = new Feed(() => state);
  const done: Command[] = [];
  const carryOut = (command: Command): Promise<void> => {
    if (command.type === "prove") return Promise.reject(new CommandRefused(409, "The run has ended."));
    done.push(command);
    return Promise.resolve();
  };
  const handler = createPageHandler({ token, files, feed, carryOut });
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { host: "127.0.0.1:4711", ...(init.headers as Record<string, string> | undefined) };
    return handler(new Request(`http://127.0.0.1:4711${path}`, { ...init, headers }));
  };
  const send = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    ask("/api/commands", {
      method: "POST",
      body,
      headers: { [tokenHeader]: token, "content-type": "application/json", ...headers },
    });
  return { ask, send, feed, state, done };
}

const withToken = { headers: { [tokenHeader]: token } };
const detailOf = async (response: Response): Promise<string> => {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return String(Object(await response.json()).detail);
};

describe("the files", () => {
  test("are served without a token, because they are no secret, and to nobody's frames and scripts", async () => {
    const { ask } = await makePage();
    const response = await ask("/?token=whatever");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("<p>cluster</p>");
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": expect.stringMatching(/^default-src 'self';.*frame-ancestors 'none'$/),
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    });
    expect(response.headers.has("access-control-allow-origin")).toBe(false);
    expect((await ask("/assets/live.js")).headers.get("content-type")).toContain("text/javascript");
  });

  test.each([
    "/notes.txt",
    "/nowhere",
    "/assets/",
    "/../package.json",
    "/%2e%2e/package.json",
    "/assets/..%2flive.html",
  ])("do not include %s", async (path) => {
    const { ask } = await makePage();
    expect((await ask(path)).status).toBe(404);
  });

  test("are no page without its document", async () => {
    expect(await readPageFiles(makeFolder({ "index.html": "another page" }))).toBeUndefined();
    expect(await readPageFiles(join(tmpdir(), "quorate-nowhere"))).toBeUndefined();
  });
});

describe("a request", () => {
  test.each(["evil.example", "127.0.0.1.evil.example:4711", "localhost:4711@evil.example", "10.0.0.1:4711", ""])(
    "to the host name %j is refused, with the right token too",
    async (host) => {
      const { ask, done } = await makePage();
      const response = await ask("/api/frames", { headers: { host, [tokenHeader]: token } });
      expect(response.status).toBe(403);
      expect((await ask("/", { headers: { host } })).status).toBe(403);
      expect(done).toEqual([]);
    },
  );

  test.each(["127.0.0.1:4711", "localhost:4711", "localhost", "LOCALHOST:1"])("to %s is answered", async (host) => {
    const { ask } = await makePage();
    expect((await ask("/", { headers: { host } })).status).toBe(200);
  });

  test.each<Readonly<Record<string, string>>>([
    {},
    { [tokenHeader]: "" },
    { [tokenHeader]: `${token}x` },
    { [tokenHeader]: token.slice(0, -1) },
    { authorization: `Bearer ${token}` },
    { cookie: `${tokenHeader}=${token}` },
  ])("without the token in its header is refused: %j", async (headers) => {
    const { ask, done } = await makePage();
    const frames = await ask(`/api/frames?token=${token}`, { headers });
    expect(frames.status).toBe(401);
    expect(await detailOf(frames)).toContain("token");
    const init = { method: "POST", body: JSON.stringify(kill) };
    const command = await ask(`/api/commands?token=${token}`, {
      ...init,
      headers: { "content-type": "application/json", ...headers },
    });
    expect(command.status).toBe(401);
    expect(done).toEqual([]);
  });

  test.each([
    ["POST", "/api/frames", "GET"],
    ["GET", "/api/commands", "POST"],
    ["DELETE", "/api/commands", "POST"],
    ["OPTIONS", "/api/commands", "POST"],
  ])("%s %s is not allowed, and the answer says what is", async (method, path, allow) => {
    const { ask } = await makePage();
    const response = await ask(path, { method, ...withToken });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
  });

  test("that asks another origin's permission gets none", async () => {
    const { ask } = await makePage();
    const headers = { origin: "https://evil.example", "access-control-request-headers": tokenHeader };
    const response = await ask("/api/commands", { method: "OPTIONS", headers });
    expect(response.status).toBe(401);
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("a command", () => {
  test("is carried out", async () => {
    const { send, done } = await makePage();
    const response = await send(JSON.stringify(kill));
    expect(response.status).toBe(204);
    expect(done).toEqual([kill]);
  });

  test("that is refused says why", async () => {
    const { send } = await makePage();
    const response = await send('{"type":"prove"}');
    expect(response.status).toBe(409);
    expect(await detailOf(response)).toBe("The run has ended.");
  });

  test.each([
    ["that is no JSON", "kill n1", 400, "The body is not JSON."],
    ["that is unknown", '{"type":"explode"}', 400, "This is no command: type: "],
    ["of too many bytes", JSON.stringify({ type: "kill", node: "n".repeat(20_000) }), 413, "at most 16384 bytes"],
  ])("%s is refused", async (_what, body, status, words) => {
    const { send, done } = await makePage();
    const response = await send(body);
    expect(response.status).toBe(status);
    expect(await detailOf(response)).toContain(words);
    expect(done).toEqual([]);
  });

  test("of too many bytes is refused without an announced length too", async () => {
    const { ask } = await makePage();
    const body = new Blob(["n".repeat(20_000)]).stream();
    const headers = { [tokenHeader]: token, "content-type": "application/json" };
    // Node needs `duplex` for bodies that are streams; the type of requests does not have it.
    const init = { method: "POST", body, headers, duplex: "half" } as RequestInit;
    expect((await ask("/api/commands", init)).status).toBe(413);
  });

  test("in a form that any site can send is refused", async () => {
    const { send } = await makePage();
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"]) {
      expect((await send(JSON.stringify(kill), { "content-type": type })).status).toBe(415);
    }
  });
});

describe("the stream", () => {
  test("of a page that does not read holds one frame, and then the latest state", async () => {
    const { ask, feed, state } = await makePage();
    const response = await ask("/api/frames", withToken);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    for (let acknowledged = 1; acknowledged <= 1000; acknowledged += 1) {
      state.sections = withAcknowledged(acknowledged);
      feed.tick();
    }
    feed.close();
    const frames = (await response.text()).split("\n\n").filter((text) => text !== "");
    expect(frames).toHaveLength(1);
    expect(frames[0]).toMatch(/^data: \{"seq":1,/);
  });

  test("goes on with what has changed when the page reads again", async () => {
    const { ask, feed, state } = await makePage();
    const { body } = await ask("/api/frames", withToken);
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain('"seq":1');
    state.sections = withAcknowledged(5);
    feed.tick();
    expect((await reader?.read())?.value).toMatch(/"seq":2.*"acknowledged":5/);
    await reader?.cancel();
    expect(feed.readers).toBe(0);
  });

  test("is refused when too many pages are open", async () => {
    const { ask } = await makePage();
    const open = await Promise.all(Array.from({ length: 16 }, () => ask("/api/frames", withToken)));
    expect(open.map(({ status }) => status)).toEqual(Array.from({ length: 16 }, () => 200));
    const refused = await ask("/api/frames", withToken);
    expect(refused.status).toBe(503);
    await open[0]?.body?.cancel();
    expect((await ask("/api/frames", withToken)).status).toBe(200);
  });
});
