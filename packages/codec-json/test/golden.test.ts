// The format does not change by accident: this text was written by version 1 and must stay readable and be written again.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { jsonCodec } from "../src/index.ts";
import { goldenEnvelopes } from "./messages.ts";

function goldenText(name: string): string {
  return readFileSync(new URL(`./golden/${name}.txt`, import.meta.url), "utf8").trim();
}

test.each(goldenEnvelopes)("writes the recorded text of %s", (name, envelope) => {
  expect(new TextDecoder().decode(jsonCodec().encode(envelope))).toBe(goldenText(name));
});

test.each(goldenEnvelopes)("reads the recorded text of %s", (name, envelope) => {
  expect(jsonCodec().decode(new TextEncoder().encode(goldenText(name)))).toEqual(envelope);
});
