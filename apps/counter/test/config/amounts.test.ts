// Settings that are numbers or choices: what is given reaches the node as it is, what cannot be meant is named.

import { expect, test } from "vitest";
import { checkConfig } from "../../src/config/check.ts";
import type { Unchecked } from "../../src/config/flags.ts";

function check(settings: Unchecked) {
  const members = { n1: { peer: "127.0.0.1:7101", http: "127.0.0.1:8101" } };
  return checkConfig({ cluster: "demo", id: "n1", data: "./n1", members, ...settings }, "n1.json").config;
}

test("what is given is kept, also 0 where nothing may stay, and the rest is left to the node", () => {
  const config = check({
    raft: { diskStallMs: 250, readmission: "manual" },
    snapshots: { everyEntries: 1, retainEntries: 0, retainBytes: 0 },
    limits: { maxInflightMessages: 1 },
  });
  expect(config.raft).toMatchObject({ diskStallMs: 250, readmission: "manual", heartbeatMs: 50 });
  expect(config.snapshots).toEqual({ everyEntries: 1, retainEntries: 0, retainBytes: 0 });
  expect(config.limits).toEqual({ maxInflightMessages: 1 });
});

test.each([
  { settings: { raft: { diskStallMs: 0.5 } }, text: "raft.diskStallMs: must be a whole number from 1, found 0.5" },
  { settings: { raft: { readmission: "never" } }, text: 'raft.readmission: "never" is unknown' },
  {
    settings: { snapshots: { everyEntries: 0 } },
    text: "snapshots.everyEntries: must be a whole number from 1, found 0",
  },
  {
    settings: { snapshots: { retainBytes: -1 } },
    text: "snapshots.retainBytes: must be a whole number from 0, found -1",
  },
  {
    settings: { snapshots: { pinnedBytes: 1.5 } },
    text: "snapshots.pinnedBytes: must be a whole number from 1, found 1.5",
  },
  { settings: { limits: { maxPendingReads: "9" } }, text: 'limits.maxPendingReads: must be a number, found "9"' },
  {
    settings: { limits: { maxCommandByte: 9 } },
    text: 'limits: unknown key "maxCommandByte"; did you mean "maxCommandBytes"?',
  },
])("$settings is refused: $text", ({ settings, text }) => {
  const hint: unknown = expect.stringMatching(/\.$/);
  expect(() => check(settings)).toThrow(
    expect.objectContaining({ code: "QUORATE_CONFIG_INVALID", message: `n1.json: ${text}`, hint }),
  );
});
