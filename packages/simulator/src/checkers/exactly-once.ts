// An operation that its client sends again until it is answered takes effect once: every repetition is answered as the first one
// was, on every server, and the answer is kept for as long as the client needs it, or is known. Thesis 6.3.

import type { CheckerFactory, ClientCommand } from "./checker.ts";

export const exactlyOnce: CheckerFactory = ({ report }) => {
  const attempts = new Map<Uint8Array, ClientCommand>();
  const answers = new Map<number, string>();
  /** Where in the log an operation was told that its client is not known any more. */
  const expiredAt = new Map<number, number>();
  return {
    property: "exactly once",
    onAttempt: (command) => {
      if (command.repeatable !== undefined) attempts.set(command.data, command);
    },
    onApply: ({ id }, { index, data }, result) => {
      const command = attempts.get(data);
      if (command?.repeatable === undefined) return;
      const { operation, repeatable } = command;
      if (repeatable.isExpired(result)) {
        expiredAt.set(operation, Math.min(index, expiredAt.get(operation) ?? index));
        return;
      }
      const [answer, first] = [repeatable.answer(result), answers.get(operation)];
      if (answer === undefined) {
        if (!repeatable.isOver())
          report(`${id} has forgotten the answer to operation ${operation}, which waits for it`);
        return;
      }
      const expired = expiredAt.get(operation) ?? index;
      if (expired < index) {
        report(
          `operation ${operation} was told at ${expired} that its client is unknown, and ${id} answers at ${index}`,
        );
      }
      if (first === undefined) answers.set(operation, answer);
      else if (first !== answer) {
        report(
          `operation ${operation} was answered with ${first} before, and with ${answer} at index ${index} at ${id}`,
        );
      }
    },
  };
};
