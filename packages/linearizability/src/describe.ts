// A counterexample in words.

import type { Counterexample, NamedOperation } from "./counterexample.ts";
import type { Operation } from "./history.ts";

const longestList = 40;

/** Several lines for a person: the operations, the longest order that works, and what does not fit after it. */
export function describeCounterexample(counterexample: Counterexample): string {
  const { model, key, operations, isMinimal } = counterexample;
  const where = key === undefined ? "" : ` on key ${JSON.stringify(key)}`;
  return [
    `No order of these ${operations.length} operations${where} explains what they returned (model ${model}):`,
    "",
    ...list(operations.map(({ operation, text }, index) => `  ${index + 1}. ${describeCall(operation)}: ${text}`)),
    "",
    ...describeOmitted(counterexample),
    ...(isMinimal ? [] : ["Time ended before the operations could be made as few as possible.", ""]),
    ...describeOrder(counterexample),
    ...describeStuck(counterexample),
  ].join("\n");
}

/** Process and time span of an operation, such as `process 3, events 12 to 15`. */
export function describeCall({ process, called, returned }: Operation): string {
  return `process ${process}, ${returned === undefined ? `from event ${called} on` : `events ${called} to ${returned}`}`;
}

function describeOmitted({ omitted }: Counterexample): readonly string[] {
  if (omitted === 0) return [];
  const others = omitted === 1 ? "1 other operation" : `${omitted} other operations`;
  return [`The contradiction stays whether or not the ${others} took effect.`, ""];
}

function describeOrder({ order, operations, initialState }: Counterexample): readonly string[] {
  if (order.length === 0) return [`From the start, where the state is ${initialState}, nothing leads on.`];
  const lines = order.map(
    ({ operation, state }) => `  ${describeShort(operations[operation], operation)}  =>  ${state}`,
  );
  return ["The longest order that works:", "", `  start  =>  ${initialState}`, ...list(lines), ""];
}

function describeStuck({ candidates, operations, stuckAt }: Counterexample): readonly string[] {
  const candidateLines = candidates.map((index) => `  ${describeShort(operations[index], index)}`);
  return [
    `Then it is stuck: ${describeShort(operations[stuckAt], stuckAt)} returned before any other that is left,`,
    `so one of those called before its return must come next, and none of them leads on:`,
    "",
    ...list(candidateLines),
  ];
}

function describeShort(named: NamedOperation | undefined, index: number): string {
  return named === undefined ? `${index + 1}.` : `${index + 1}. ${named.text}`;
}

function list(lines: readonly string[]): readonly string[] {
  if (lines.length <= longestList) return lines;
  return [...lines.slice(0, longestList), `  ... and ${lines.length - longestList} more`];
}
