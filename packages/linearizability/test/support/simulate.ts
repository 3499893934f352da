// Histories that are linearizable by construction: every operation takes effect at one moment between its call and its
// return, or, if its outcome is unknown, at any later moment or never.

import type { HistoryEvent, Json } from "../../src/index.ts";
import type { Answer, Call, Simulated } from "./objects.ts";
import { type Random, seeded } from "./random.ts";

export type Plan = {
  readonly seed: number;
  readonly object: Simulated;
  readonly clients: number;
  readonly operations: number;
  /** Default: one object without a key. */
  readonly keys?: number;
  /** Share of operations whose outcome stays unknown. */
  readonly unknownShare?: number;
  /** Share of operations that are refused without effect. */
  readonly failShare?: number;
  /** Share of events at which an open operation gets a made-up answer instead of the true one. */
  readonly inventedShare?: number;
};

type Open = { readonly process: number; readonly key: string | undefined; readonly call: Call; answer?: Answer };

export function simulate(plan: Plan): readonly HistoryEvent[] {
  const random = seeded(plan.seed);
  const states = new Map<string | undefined, Json>();
  const history: HistoryEvent[] = [];
  const clients: (Open | undefined)[] = Array.from({ length: plan.clients }, () => undefined);
  const lost: Open[] = [];
  let nextProcess = plan.clients;
  let invoked = 0;
  const processOf = Array.from({ length: plan.clients }, (_, client) => client);

  const takeEffect = (open: Open): void => {
    const { state, answer } = plan.object.apply(states.get(open.key) ?? plan.object.initial, open.call);
    states.set(open.key, state);
    open.answer = random.chance(plan.inventedShare ?? 0) ? plan.object.invent(open.call, random) : answer;
  };
  const record = (open: Open, type: HistoryEvent["type"], value: Json | undefined): void => {
    const { process, key, call } = open;
    history.push({
      process,
      type,
      f: call.f,
      ...(key === undefined ? {} : { key }),
      ...(value === undefined ? {} : { value }),
    });
  };

  while (invoked < plan.operations || clients.some((open) => open !== undefined)) {
    if (lost.length > 0 && random.chance(0.05)) {
      takeEffect(random.pick(lost.splice(random.below(lost.length), 1)));
      continue;
    }
    const client = random.below(plan.clients);
    const open = clients[client];
    if (open === undefined) {
      if (invoked === plan.operations) continue;
      invoked += 1;
      const key = plan.keys === undefined ? undefined : `k${random.below(plan.keys)}`;
      const started: Open = { process: processOf[client] ?? 0, key, call: plan.object.call(random) };
      clients[client] = started;
      record(started, "invoke", started.call.value);
    } else if (random.chance(plan.unknownShare ?? 0)) {
      if (random.chance(0.5)) record(open, "info", undefined);
      if (open.answer === undefined && random.chance(0.6)) lost.push(open);
      clients[client] = undefined;
      processOf[client] = nextProcess;
      nextProcess += 1;
    } else if (open.answer === undefined && open.call.f !== "cas" && random.chance(plan.failShare ?? 0)) {
      record(open, "fail", open.call.value);
      clients[client] = undefined;
    } else if (open.answer === undefined) {
      takeEffect(open);
    } else {
      record(open, open.answer.type, open.answer.value);
      clients[client] = undefined;
    }
  }
  return history;
}

/** A made-up small history: calls and returns at random, answers half true and half invented. */
export function randomSmall(seed: number, object: Simulated): readonly HistoryEvent[] {
  const random = seeded(seed);
  return simulate({
    seed: seed * 7919 + 13,
    object,
    clients: 2 + random.below(3),
    operations: 2 + random.below(5),
    unknownShare: random.pick([0, 0.1, 0.3]),
    failShare: random.pick([0, 0, 0.15]),
    inventedShare: random.pick([0, 0.1, 0.3, 1]),
  });
}

/** The same random stream for values: `below(n)` written for value functions. */
export function smallValues(count: number): (random: Random) => number {
  return (random) => 1 + random.below(count);
}
