// The broker of tests and demos ends with whoever started it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "./eventually.ts";

/** Whether somebody listens there; a stopped process does too. */
async function isListening(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test.each(["running", "paused"])("a broker that is %s is gone when its parent was killed", async (state) => {
  const script = new URL("./fixtures/start-broker.ts", import.meta.url).pathname;
  const parent = spawn(process.execPath, ["--conditions=quorate-source", script, state], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [line] = await once(createInterface({ input: parent.stdout }), "line");
  const port = Number(line);
  expect(await isListening(port)).toBe(true);
  parent.kill("SIGKILL");
  await eventually(async () => expect(await isListening(port)).toBe(false));
});
