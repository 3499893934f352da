// A second checker that shares nothing with the one under test but the shape of events: it tries every order, remembers
// nothing and prunes nothing. For histories of a few operations on one object.

import type { HistoryEvent, Json } from "../../src/index.ts";

type Done = {
  readonly f: string;
  readonly input: Json;
  readonly result: Json;
  readonly end: "ok" | "fail" | "unknown";
  readonly from: number;
  readonly to: number;
};

/** The states an operation may leave behind; none if it cannot have ended like that. */
export type Rule = (state: Json, operation: Done) => readonly Json[];

export function isLinearizable(history: readonly HistoryEvent[], initial: Json, rule: Rule): boolean {
  return canFinish(readOperations(history), initial, rule);
}

function canFinish(left: readonly Done[], state: Json, rule: Rule): boolean {
  if (left.every(({ end }) => end === "unknown")) return true;
  return left.some((candidate) => {
    const others = left.filter((each) => each !== candidate);
    if (others.some((each) => each.to < candidate.from)) return false;
    return rule(state, candidate).some((next) => canFinish(others, next, rule));
  });
}

function readOperations(history: readonly HistoryEvent[]): readonly Done[] {
  return history.flatMap((call, from): readonly Done[] => {
    if (call.type !== "invoke") return [];
    const to = history.findIndex((event, at) => at > from && event.process === call.process && event.type !== "invoke");
    const end = history[to];
    const known = end !== undefined && end.type !== "info";
    const result = end?.value ?? null;
    const common = { f: call.f, input: call.value ?? null, result, from };
    return known
      ? [{ ...common, end: end.type === "ok" ? "ok" : "fail", to }]
      : [{ ...common, end: "unknown", to: Infinity }];
  });
}

export const registerRule: Rule = (state, { f, input, result, end }) => {
  const same = (one: Json, other: Json): boolean => JSON.stringify(one) === JSON.stringify(other);
  if (f === "read") return end !== "ok" || same(state, result) ? [state] : [];
  if (f === "write") return end === "fail" ? [state] : [input];
  const [expected, next] = input as readonly [Json, Json];
  if (end === "fail") return same(state, expected) ? [] : [state];
  if (same(state, expected)) return [next];
  return end === "unknown" ? [state] : [];
};

export const counterRule: Rule = (state, { f, input, result, end }) => {
  if (f === "read") return end !== "ok" || state === result ? [state] : [];
  if (end === "fail") return [state];
  const sum = Number(state) + Number(input);
  return end === "unknown" || (result as readonly Json[])[1] === sum ? [sum] : [];
};

export const stringRule: Rule = (state, { f, input, result, end }) => {
  if (f === "get") return end !== "ok" || state === result ? [state] : [];
  if (end === "fail") return [state];
  if (typeof state !== "string" || typeof input !== "string") throw new Error("not a string");
  return [f === "put" ? input : state + input];
};
