// Every server computes the same result from the same command. It fails when a state machine depends on anything besides its
// state and the command: a clock, chance, the order of a set.

import type { CheckerFactory } from "./checker.ts";

export const sameResults: CheckerFactory = ({ report }) => {
  const results = new Map<number, { readonly text: string; readonly at: string }>();
  return {
    property: "same results",
    onApply: ({ id }, { index }, result) => {
      const text = JSON.stringify(result) ?? "undefined";
      const first = results.get(index);
      if (first === undefined) results.set(index, { text, at: id });
      else if (first.text !== text) report(`index ${index} gave ${first.text} at ${first.at} and ${text} at ${id}`);
    },
  };
};
