// A queue whose items lose their meaning: the order of those that count, and the memory of those that do not.
import { expect, test } from "vitest";
import { LogOrder } from "../../src/sessions/log-order.ts";

test("the oldest item that counts is found, however many before it no longer count", () => {
  const counting = new Set<number>();
  const order = new LogOrder<number>((item) => counting.has(item));
  for (let item = 0; item < 1_000; item += 1) {
    counting.add(item);
    order.push(item);
    if (item % 3 !== 0) counting.delete(item);
    expect(order.oldest()).toBe(0);
  }
  for (let item = 0; item < 600; item += 1) counting.delete(item);
  expect(order.oldest()).toBe(600);
  for (let item = 1_000; item < 1_300; item += 1) {
    counting.add(item);
    order.push(item);
  }
  expect(order.oldest()).toBe(600);
  expect(order.all()).toEqual([...counting]);
});

test("items that no longer count are not held for long", () => {
  let latest = 0;
  let looks = 0;
  const order = new LogOrder<number>((item) => {
    looks += 1;
    return item === latest;
  });
  for (latest = 1; latest < 10_000; latest += 1) order.push(latest);
  latest -= 1;
  looks = 0;
  expect(order.all()).toEqual([latest]);
  expect(looks).toBeLessThan(130);
});
