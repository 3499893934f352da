// Options that must be whole numbers.

import { expect, test } from "vitest";
import { checkWholeNumber } from "../src/index.ts";

const hint = "Correct this option of aTransport.";

test.each([1, 2, 10])("the whole number %d from 1 to 10 is accepted", (value) => {
  expect(() => checkWholeNumber({ option: "waitMs", value, from: 1, to: 10, hint })).not.toThrow();
});

test.each([0, 11, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
  "%d is refused with all that is needed",
  (value) => {
    expect(() => checkWholeNumber({ option: "waitMs", value, from: 1, to: 10, hint })).toThrow(
      expect.objectContaining({
        code: "QUORATE_OPTIONS_INVALID",
        message: `waitMs must be a whole number from 1 to 10, not ${value}.`,
        hint,
        details: { option: "waitMs", value, from: 1, to: 10 },
      }),
    );
  },
);

test("without an upper bound every whole number that is exact is accepted, and no larger one", () => {
  const check = (value: number) => checkWholeNumber({ option: "queueBytes", value, from: 64, hint });
  expect(() => check(Number.MAX_SAFE_INTEGER)).not.toThrow();
  expect(() => check(63)).toThrow("queueBytes must be a whole number of at least 64, not 63.");
  expect(() => check(2 ** 53)).toThrow("queueBytes must be a whole number of at least 64");
});

test("what is no number at all is refused too, for not every caller is checked by a compiler", () => {
  // As a program without types would give it.
  const value = "10" as unknown as number;
  expect(() => checkWholeNumber({ option: "waitMs", value, from: 1, hint })).toThrow("not 10.");
});
