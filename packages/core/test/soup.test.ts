// Nothing but repetition and disorder, for a long time: QUORATE_SOUP_SEEDS=1000 QUORATE_SOUP_STEPS=100000 is the full size.
import { expect, test } from "vitest";
import { Soup, type SoupReport } from "./support/soup.ts";

const seeds = Number(process.env["QUORATE_SOUP_SEEDS"] ?? 10);
const steps = Number(process.env["QUORATE_SOUP_STEPS"] ?? 8_000);

test(`P77 every message up to three times, mixed in a window of 20: ${seeds} seeds of ${steps} steps break no law and converge`, () => {
  const reports: SoupReport[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      reports.push(new Soup(seed).run(steps));
    } catch (error) {
      throw new Error(`seed ${seed}, ${steps} steps`, { cause: error });
    }
  }
  const sum = (key: keyof SoupReport) => reports.reduce((total, report) => total + report[key], 0);
  expect(sum("delivered"), "messages were delivered").toBeGreaterThan(seeds * steps);
  expect(sum("committed"), "entries were committed").toBeGreaterThan((seeds * steps) / 100);
  expect(sum("terms"), "leaders changed").toBeGreaterThan(seeds);
}, 86_400_000);
