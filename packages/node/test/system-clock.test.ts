// The real clock keeps the promises that the port makes.
import { expect, test } from "vitest";
import { systemClock } from "../src/index.ts";

test("a callback never comes before its time", async () => {
  const dueMs = Array.from({ length: 40 }, (_, step) => systemClock.now() + 1 + step / 7);
  const calledMs = await Promise.all(
    dueMs.map((atMs) => new Promise<number>((resolve) => systemClock.schedule(atMs, () => resolve(systemClock.now())))),
  );
  for (const [position, atMs] of dueMs.entries()) expect(calledMs[position]).toBeGreaterThanOrEqual(atMs);
});

test("a cancelled callback never comes, and cancelling twice is harmless", async () => {
  let calls = 0;
  const cancel = systemClock.schedule(systemClock.now() + 1, () => (calls += 1));
  cancel();
  cancel();
  await new Promise<void>((resolve) => systemClock.schedule(systemClock.now() + 5, resolve));
  expect(calls).toBe(0);
});

test("deferred work runs after what is already waiting, not inside the call", async () => {
  const order: string[] = [];
  const done = new Promise<void>((resolve) =>
    systemClock.defer(() => {
      order.push("deferred");
      resolve();
    }),
  );
  order.push("caller");
  await Promise.resolve();
  order.push("promise");
  await done;
  expect(order).toEqual(["caller", "promise", "deferred"]);
});
