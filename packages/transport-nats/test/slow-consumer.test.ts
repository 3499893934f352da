// A server that does not read: the broker loses patience with it and with nobody else, and it comes back by itself.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "./eventually.ts";
import { append, beat, eventsOf, Stage } from "./stage.ts";

type Line = { readonly type: string; readonly round?: number };

/** A server in a process that can be stopped. */
function startListener(url: string) {
  const script = new URL("./fixtures/listener.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--conditions=quorate-source", script, url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line)));
  return { child, lines };
}

test("a server that stops reading is cut off by the broker, and is heard again when it reads", async () => {
  await using stage = await Stage.open('write_deadline: "200ms"\nmax_pending: 1048576');
  const [n1, n3] = [await stage.start("n1"), await stage.start("n3")];
  const { child, lines } = startListener(stage.broker.url);
  const typesHeard = () => lines.map(({ type }) => type);
  await eventually(() => {
    n1.transport.send(beat("n1", "n2", 1));
    expect(typesHeard()).toContain("heard");
  });
  child.kill("SIGSTOP");
  const sent = { bytes: 0 };
  await eventually(() => {
    for (let count = 0; count < 20; count += 1) n1.transport.send(append("n1", "n2", 200_000));
    sent.bytes += 20 * 200_000;
    // Enough for the sockets' buffers and for the broker's patience.
    expect(sent.bytes).toBeGreaterThan(200_000_000);
    expect(n1.transport.queuedBytes("n2")).toBeLessThanOrEqual(16 * 1024 * 1024);
  });
  await stage.untilDelivered(n1, n3);
  child.kill("SIGCONT");
  await eventually(() => expect(typesHeard()).toContain("brokerDisconnected"));
  await eventually(() => {
    n1.transport.send(beat("n1", "n2", 2));
    expect(lines.some(({ round }) => round === 2)).toBe(true);
  });
  expect(typesHeard().filter((type) => type === "brokerConnected")).toHaveLength(2);
  expect(eventsOf(n1, "brokerDisconnected")).toEqual([]);
  expect(eventsOf(n3, "brokerDisconnected")).toEqual([]);
});
