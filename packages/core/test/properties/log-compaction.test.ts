// A log that forgets its beginning, and the configurations in it, against plain arrays that forget nothing by themselves.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigurationHistory } from "../../src/configuration-history.ts";
import { encodeConfiguration } from "../../src/index.ts";
import { RaftLog } from "../../src/log.ts";
import { entryOf, restoredFrom } from "../support/lone-server.ts";

/** Terms of a log, never falling. */
const logs = fc
  .array(fc.nat(2), { minLength: 1, maxLength: 30 })
  .map((steps) => steps.map((_, place) => 1 + steps.slice(0, place + 1).reduce((sum, step) => sum + step, 0)));

test("a log without its beginning has the terms of the rest, and answers for nothing before", () => {
  fc.assert(
    fc.property(logs, fc.nat(30), fc.boolean(), (terms, at, isCached) => {
      const base = Math.min(at, terms.length);
      const entries = terms.map((term, place) => entryOf(place + 1, term));
      const log = new RaftLog(restoredFrom(isCached ? [] : entries, 0).log);
      if (isCached) log.append(entries);
      log.rebase({ index: base, term: terms[base - 1] ?? 0 });
      expect([log.firstIndex, log.lastIndex, log.lastTerm]).toEqual([base + 1, terms.length, terms.at(-1)]);
      for (let index = 0; index <= terms.length + 1; index++) {
        const term = index === 0 ? 0 : terms[index - 1];
        expect(log.termAt(index)).toBe(index < base ? undefined : term);
      }
      fc.pre(isCached && base < terms.length);
      expect(log.slice(base + 1, terms.length, Number.POSITIVE_INFINITY)).toEqual(entries.slice(base));
    }),
    { numRuns: 500 },
  );
});

test("a log that begins after an entry it does not have is empty", () => {
  fc.assert(
    fc.property(logs, fc.nat(10), (terms, beyond) => {
      const entries = terms.map((term, place) => entryOf(place + 1, term));
      for (const base of [
        { index: terms.length + 1 + beyond, term: 99 },
        { index: Math.max(1, terms.length - beyond), term: 99 },
      ]) {
        const log = new RaftLog(restoredFrom([], 0).log);
        log.append(entries);
        log.rebase(base);
        expect([log.firstIndex, log.lastIndex, log.lastTerm]).toEqual([base.index + 1, base.index, 99]);
      }
    }),
  );
});

type Placed = { readonly index: number; readonly voters: readonly string[] };
type Action =
  | { readonly type: "append"; readonly gap: number }
  | { readonly type: "truncate"; readonly back: number }
  | { readonly type: "rebase"; readonly at: number };

const actions = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant("append"), gap: fc.integer({ min: 1, max: 3 }) } as const),
    fc.record({ type: fc.constant("truncate"), back: fc.integer({ min: 1, max: 6 }) } as const),
    fc.record({ type: fc.constant("rebase"), at: fc.nat(20) } as const),
  ),
  { maxLength: 30 },
);

/** Does the same to a history and to an array of placed configurations. */
function play(steps: readonly Action[]): { readonly history: ConfigurationHistory; readonly model: readonly Placed[] } {
  let model: readonly Placed[] = [{ index: 0, voters: ["n0"] }];
  const history = new ConfigurationHistory({ index: 0, configuration: { voters: ["n0"], learners: [] } }, []);
  for (const step of steps) model = perform(step, history, model);
  return { history, model };
}

function perform(step: Action, history: ConfigurationHistory, model: readonly Placed[]): readonly Placed[] {
  const [first = { index: 0, voters: [] }] = model;
  const last = model.at(-1)?.index ?? 0;
  switch (step.type) {
    case "append": {
      const index = last + step.gap;
      const voters = [`n${index}`];
      history.append({ index, term: 1, kind: "configuration", data: encodeConfiguration({ voters, learners: [] }) });
      return [...model, { index, voters }];
    }
    case "truncate": {
      // What is compacted is committed, so it is never cut.
      const from = Math.max(first.index + 1, last + 1 - step.back);
      history.truncateFrom(from);
      return model.filter(({ index }) => index < from);
    }
    case "rebase": {
      const at = first.index + Math.min(step.at, last - first.index);
      const { configuration } = history.asOf(at);
      history.rebase({ index: at, configuration }, { keepsTail: true });
      return [{ index: at, voters: configuration.voters }, ...model.filter(({ index }) => index > at)];
    }
  }
}

test("the configuration in use is the last one of the log, whatever was appended, cut and compacted", () => {
  fc.assert(
    fc.property(actions, fc.nat(40), (steps, asked) => {
      const { history, model } = play(steps);
      const { index, configuration } = history.current;
      expect({ index, voters: configuration.voters }).toEqual(model.at(-1));
      const known = model.findLast((placed) => placed.index <= asked);
      fc.pre(known !== undefined);
      expect(history.asOf(asked).configuration.voters).toEqual(known?.voters);
      const since = model.filter((placed) => placed.index >= (known?.index ?? 0)).map(({ voters }) => voters);
      expect(history.since(asked).map((placed) => placed.configuration.voters)).toEqual(since);
    }),
    { numRuns: 500 },
  );
});
