// The public face of @quorate/linearizability: what is exported here is the package's interface.

export { checkHistory } from "./check.ts";
export type { CheckFacts, CheckOptions, CheckResult } from "./check.ts";
export type { Counterexample, NamedOperation, OrderStep } from "./counterexample.ts";
export { describeCounterexample } from "./describe.ts";
export { HistoryError } from "./history.ts";
export type { Action, HistoryEvent, Operation, Outcome } from "./history.ts";
export { drawCounterexample } from "./html.ts";
export type { Json } from "./json.ts";
export type { Hints, Model } from "./model.ts";
export { counter } from "./models/counter.ts";
export { register } from "./models/register.ts";
export { stringMap } from "./models/string-map.ts";
export { parseHistory } from "./parse.ts";
