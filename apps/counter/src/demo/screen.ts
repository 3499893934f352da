// The interactive picture: a table of nodes, the load, the last events, the keys; drawn over itself.

import { styleText } from "node:util";
import type { Statuses } from "./observer.ts";
import type { Condition } from "./session.ts";

/** One node as the picture shows it. */
export type NodeRow = {
  readonly id: string;
  readonly url: string;
  readonly condition: Condition;
};

/** Everything that a picture shows. */
export type Picture = {
  readonly title: string;
  readonly rows: readonly NodeRow[];
  readonly statuses: Statuses;
  readonly acknowledged: number;
  readonly perSecond: number;
  readonly underWay: number;
  readonly events: readonly string[];
  readonly keys: string;
  /** Where the page is, or why there is none. */
  readonly page: string;
};

/** Event lines in the picture. */
export const shownEvents = 8;

/** The lines of a picture; equally many each time, so that it can be drawn over the last one. */
export function linesOf(picture: Picture): readonly string[] {
  const events = picture.events.slice(-shownEvents);
  return [
    picture.title,
    "",
    styleText("bold", columns("NODE", "ROLE", "TERM", "COMMIT", "APPLIED", "ADDRESS")),
    ...picture.rows.map((row) => nodeLine(row, picture.statuses)),
    "",
    `writes acknowledged = ${picture.acknowledged} (${picture.perSecond}/s), under way = ${picture.underWay}`,
    `keys  ${picture.keys}`,
    `Dashboard  ${picture.page}`,
    "",
    ...events,
    ...Array.from({ length: shownEvents - events.length }, () => ""),
  ];
}

/** Draws pictures over each other on a terminal. */
export class Screen {
  readonly #output: NodeJS.WriteStream;
  #drawnLines = 0;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  draw(picture: Picture): void {
    const lines = linesOf(picture);
    const width = this.#output.columns;
    const up = this.#drawnLines === 0 ? "" : `\u001b[${this.#drawnLines}A`;
    // Each line is cut to the terminal's width: a wrapped line would break the count of lines to go up.
    this.#output.write(`${up}\r${lines.map((line) => `${cut(line, width)}\u001b[K\n`).join("")}`);
    this.#drawnLines = lines.length;
  }
}

function nodeLine({ id, url, condition }: NodeRow, statuses: Statuses): string {
  const status = statuses.get(id);
  if (condition === "down" || condition === "paused" || status === undefined) {
    const word = condition === "running" ? "starting" : condition;
    return styleText("dim", columns(id, word, "-", "-", "-", url));
  }
  const { role, term, commitIndex, lastApplied } = status;
  const line = columns(
    id,
    role === "leader" ? "LEADER" : role,
    String(term),
    String(commitIndex),
    String(lastApplied),
    condition === "cut off" ? `${url}  cut off` : url,
  );
  return role === "leader" ? styleText("green", line) : line;
}

function columns(...cells: readonly [string, string, string, string, string, string]): string {
  const [id, role, term, commit, applied, address] = cells;
  return `  ${id.padEnd(5)} ${role.padEnd(12)} ${term.padStart(5)} ${commit.padStart(8)} ${applied.padStart(8)}   ${address}`;
}

/** Cuts plain text; styled lines are made of short cells and left alone. */
function cut(line: string, width: number): string {
  return line.includes("\u001b") || line.length < width ? line : line.slice(0, Math.max(0, width - 1));
}
