// The failover time that the demo reports, from known acknowledgement times.
import { describe, expect, test } from "vitest";
import { largestGapMs, median } from "../../src/demo/write-gap.ts";

describe("the largest gap between acknowledgements", () => {
  test("includes the silence that began before the kill", () => {
    expect(largestGapMs([10, 20, 95, 400, 410], { fromMs: 100, toMs: 420 })).toBe(305);
  });

  test("ignores longer silences before and after", () => {
    expect(largestGapMs([0, 990, 1000, 1010, 1200, 1210, 9000], { fromMs: 1005, toMs: 1205 })).toBe(190);
  });

  test("runs to the end of the window while nothing is acknowledged", () => {
    expect(largestGapMs([10], { fromMs: 20, toMs: 520 })).toBe(510);
    expect(largestGapMs([], { fromMs: 20, toMs: 520 })).toBe(500);
  });
});

describe("the median", () => {
  test("is the middle value, or the mean of the two in the middle", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  test("of nothing is undefined", () => {
    expect(median([])).toBeUndefined();
  });
});
