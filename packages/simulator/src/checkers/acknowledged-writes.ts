// A write that was acknowledged is in the final state exactly once, where the acknowledgement said; one that was refused for
// certain never is; and no write takes effect twice.

import type { CheckerFactory, ClientCommand } from "./checker.ts";

export const acknowledgedWrites: CheckerFactory = ({ committed, report }) => {
  const committedAt = new Map<Uint8Array, number>();
  const refused = new Map<Uint8Array, ClientCommand>();
  return {
    property: "acknowledged writes",
    onCommit: (_node, { index, data, kind }) => {
      if (kind !== "command") return;
      const earlier = committedAt.get(data);
      if (earlier === undefined) committedAt.set(data, index);
      else if (earlier !== index) report(`one command is committed twice: at index ${earlier} and at index ${index}`);
      const command = refused.get(data);
      if (command !== undefined) report(`${describe(command)} was refused for certain, and is committed at ${index}`);
    },
    onAcknowledged: (command, { index, term }) => {
      const entry = committed.get(index)?.entry;
      if (entry?.data !== command.data || entry.term !== term) {
        report(`${describe(command)} was acknowledged at ${index}:${term}, where something else is committed`);
      }
    },
    onRefused: (command) => {
      refused.set(command.data, command);
      const index = committedAt.get(command.data);
      if (index !== undefined) report(`${describe(command)} was refused for certain, and is committed at ${index}`);
    },
  };
};

function describe({ operation, client }: ClientCommand): string {
  return `operation ${operation} of client ${client}`;
}
