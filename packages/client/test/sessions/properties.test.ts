// What holds for every log: whatever is repeated, reordered, expired, snapshotted and restored, each command takes effect at
// most once, every answer is the one that the plain rules give, and replicas are equal byte for byte.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeEnvelope,
  defaultSessionLimits,
  encodeClose,
  encodeKeepAlive,
  encodeOpen,
  encodePlain,
  encodeSessionCommand,
  type SessionResult,
} from "../../src/sessions/index.ts";
import { SessionModel } from "./model.ts";
import { bytes, bytesOf, type SessionTally, tallyWithSessions } from "./tally.ts";

const limits = {
  ...defaultSessionLimits,
  maxSessions: 3,
  expireAfterEntries: 12,
  maxInFlight: 4,
  maxAnswerBytes: 22,
  maxTotalAnswerBytes: 100,
};

/** One thing that happens; sessions are named by how many were opened after them, so that most of them exist. */
type Happening =
  | { readonly type: "open" | "plain" | "garbage" }
  | { readonly type: "pass"; readonly entries: number }
  | { readonly type: "close"; readonly session: number }
  | { readonly type: "keepAlive"; readonly session: number; readonly mark: number }
  | { readonly type: "send"; readonly session: number; readonly sequence: number; readonly mark: number };

const session = fc.nat({ max: 4 });
const sequence = fc.integer({ min: 1, max: 8 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ type: "open" } as const) },
  { weight: 1, arbitrary: fc.constantFrom({ type: "plain" } as const, { type: "garbage" } as const) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("pass" as const), entries: fc.integer({ min: 1, max: 14 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("close" as const), session }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("keepAlive" as const), session, mark: sequence }) },
  {
    weight: 16,
    arbitrary: fc
      .record({ session, sequence, behind: fc.nat({ max: 5 }) })
      .map(({ behind, ...sent }) => ({ type: "send" as const, ...sent, mark: Math.max(1, sent.sequence - behind) })),
  },
);

type Entry = { readonly index: number; readonly term: number; readonly data: Uint8Array };

/** The entries of a log. A repetition is the same (session, sequence), so it carries the same command. */
function logOf(happenings: readonly Happening[]): readonly Entry[] {
  const entries: Entry[] = [];
  const opened: number[] = [];
  let index = 0;
  for (const each of happenings) {
    index += each.type === "pass" ? each.entries : 1;
    if (each.type === "open") opened.unshift(index);
    const data = dataOf(each, (back) => opened[back] ?? 999);
    if (data !== undefined) entries.push({ index, term: 1 + Math.floor(index / 10), data });
  }
  return entries;
}

function dataOf(happens: Happening, idOf: (back: number) => number): Uint8Array | undefined {
  switch (happens.type) {
    case "pass":
      return undefined;
    case "open":
      return encodeOpen();
    case "plain":
      return encodePlain(bytes("plain"));
    case "garbage":
      return Uint8Array.of(0xc1, 0xff);
    case "close":
      return encodeClose(idOf(happens.session));
    case "keepAlive":
      return encodeKeepAlive({ session: idOf(happens.session), acknowledgedBelow: happens.mark });
    case "send": {
      const id = idOf(happens.session);
      // Some answers are too large to be kept.
      const command = bytes(`${id}/${happens.sequence}${happens.sequence % 4 === 0 ? " long" : ""}`);
      return encodeSessionCommand({
        session: id,
        sequence: happens.sequence,
        acknowledgedBelow: happens.mark,
        command,
      });
    }
  }
}

const log = fc.array(happening, { minLength: 1, maxLength: 60 }).map(logOf);

test("each command takes effect at most once, and every answer is the one that the plain rules give", () => {
  fc.assert(
    fc.property(log, (entries) => {
      const model = new SessionModel(limits);
      const machine = tallyWithSessions(limits);
      for (const { index, term, data } of entries) {
        const expected = model.apply(decodeEnvelope(data), index, term);
        expect(machine.apply([{ index, term, data }])).toEqual([expected]);
      }
      expect(machine.query("all")).toEqual(model.applied);
      const once = model.applied.filter((command) => command !== "plain");
      expect(new Set(once).size).toBe(once.length);
    }),
    { numRuns: 1_000 },
  );
});

test("a repetition that is answered is answered byte for byte as the first time", () => {
  fc.assert(
    fc.property(log, (entries) => {
      const machine = tallyWithSessions(limits);
      const first = new Map<string, SessionResult<string>>();
      for (const entry of entries) {
        const [result] = machine.apply([entry]);
        const envelope = decodeEnvelope(entry.data);
        if (envelope?.type !== "command" || result?.type !== "answered") continue;
        const name = `${envelope.session}/${envelope.sequence}`;
        expect(result).toEqual({ ...(first.get(name) ?? result), replayed: first.has(name) });
        if (!first.has(name)) first.set(name, result);
      }
    }),
    { numRuns: 500 },
  );
});

test("replicas agree byte for byte, however the log is cut into batches and wherever they begin from a snapshot", () => {
  const cuts = fc.array(fc.record({ length: fc.integer({ min: 1, max: 9 }), restarts: fc.boolean() }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(log, cuts, (entries, batches) => {
      const reference = tallyWithSessions(limits);
      const expected = entries.flatMap((entry) => reference.apply([entry]));
      let replica = tallyWithSessions(limits);
      const results: SessionResult<string>[] = [];
      for (let at = 0, round = 0; at < entries.length; round += 1) {
        const { length, restarts } = batches[round % batches.length] ?? { length: 1, restarts: false };
        results.push(...replica.apply(entries.slice(at, at + length)));
        at += length;
        if (restarts) replica = restarted(replica);
      }
      expect(results).toEqual(expected);
      expect(bytesOf(replica)).toEqual(bytesOf(reference));
    }),
    { numRuns: 500 },
  );
});

function restarted(machine: SessionTally): SessionTally {
  const other = tallyWithSessions(limits);
  other.restore(bytesOf(machine));
  return other;
}

test("the pieces of a snapshot are those of the moment when it was begun, however late they are asked for", () => {
  fc.assert(
    fc.property(log, fc.nat(), (entries, cut) => {
      const machine = tallyWithSessions(limits);
      const at = cut % entries.length;
      for (const entry of entries.slice(0, at)) machine.apply([entry]);
      const asked = bytesOf(machine);
      const late = machine.snapshot();
      for (const entry of entries.slice(at)) machine.apply([entry]);
      expect(bytesOf({ snapshot: () => late })).toEqual(asked);
    }),
    { numRuns: 300 },
  );
});
