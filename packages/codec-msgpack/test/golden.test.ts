// The format on the wire is a promise: these bytes were written by version 1 and must stay readable and be written again.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { msgpackCodec } from "../src/index.ts";
import { goldenEnvelopes } from "./messages.ts";

function goldenBytes(name: string): Uint8Array {
  const text = readFileSync(new URL(`./golden/${name}.hex`, import.meta.url), "utf8");
  return Uint8Array.from(Buffer.from(text.trim(), "hex"));
}

test.each(goldenEnvelopes)("writes the recorded bytes of %s", (name, envelope) => {
  const written = Buffer.from(msgpackCodec().encode(envelope)).toString("hex");
  expect(written).toBe(Buffer.from(goldenBytes(name)).toString("hex"));
});

test.each(goldenEnvelopes)("reads the recorded bytes of %s", (name, envelope) => {
  expect(msgpackCodec().decode(goldenBytes(name))).toEqual(envelope);
});
