// A counterexample as a picture: one lane per process, one bar per operation, the order that works, and where it is stuck.

import type { Counterexample } from "./counterexample.ts";
import { describeCall, describeCounterexample } from "./describe.ts";

const laneHeight = 46;
const columnWidth = 90;
const left = 100;
const top = 40;

/** A complete HTML page without scripts or outside resources. */
export function drawCounterexample(counterexample: Counterexample): string {
  const { key, model, operations } = counterexample;
  const title = `Not linearizable: ${model}${key === undefined ? "" : `, key ${JSON.stringify(key)}`}`;
  const scale = scaleOf(counterexample);
  const processes = [...new Set(operations.map(({ operation }) => operation.process))].toSorted((a, b) => a - b);
  const width = left + (scale.count + 1) * columnWidth;
  const height = top + processes.length * laneHeight + 20;
  return [
    `<!doctype html>`,
    `<html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title><style>${style}</style></head><body>`,
    `<h1>${escape(title)}</h1>`,
    `<p>Time runs to the right. A bar reaches from an operation's call to its return; an open end means that the outcome is`,
    ` unknown. Numbers in circles give the longest order that works; the red line is the return at which it is stuck.</p>`,
    `<div class="scroll"><svg width="${width}" height="${height}" role="img" aria-label="${escape(title)}">`,
    ...processes.map((process, lane) => drawLane(process, lane, width)),
    ...operations.map((_, index) => drawOperation({ counterexample, index, lane: laneOf, scale, width })),
    drawStuck({ counterexample, scale, height }),
    `</svg></div>`,
    `<pre>${escape(describeCounterexample(counterexample))}</pre>`,
    `</body></html>`,
    ``,
  ].join("\n");

  function laneOf(process: number): number {
    return processes.indexOf(process);
  }
}

const style = [
  "body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1f24;background:#fff}",
  ".scroll{overflow-x:auto;border:1px solid #d0d7de;border-radius:6px}",
  ".lane{stroke:#d0d7de}.process{fill:#57606a}",
  ".bar{fill:#ddf4ff;stroke:#0969da}.placed .bar{fill:#dafbe1;stroke:#1a7f37}.stuck .bar{fill:#ffebe9;stroke:#cf222e}",
  ".open .bar{stroke-dasharray:5 3}.place{fill:#1a7f37}.number{fill:#fff;text-anchor:middle;font-size:11px}",
  ".cut{stroke:#cf222e;stroke-width:2;stroke-dasharray:3 3}.cut-label{fill:#cf222e}",
  "pre{background:#f6f8fa;padding:1rem;border-radius:6px;overflow-x:auto}text{font-size:12px}",
].join("");

type Scale = { readonly count: number; readonly columnOf: (position: number) => number };

/** Calls and returns get columns of equal width: times that lie far apart would leave nothing to see. */
function scaleOf({ operations }: Counterexample): Scale {
  const positions = operations
    .flatMap(({ operation }) => [operation.called, operation.returned ?? operation.called])
    .toSorted((one, other) => one - other);
  const columns = new Map([...new Set(positions)].map((position, column) => [position, column]));
  return { count: columns.size, columnOf: (position) => left + (columns.get(position) ?? 0) * columnWidth };
}

function drawLane(process: number, lane: number, width: number): string {
  const y = top + lane * laneHeight + laneHeight / 2;
  return [
    `<line class="lane" x1="${left}" y1="${y}" x2="${width}" y2="${y}"/>`,
    `<text class="process" x="8" y="${y + 4}">process ${process}</text>`,
  ].join("");
}

function drawOperation(place: {
  readonly counterexample: Counterexample;
  readonly index: number;
  readonly lane: (process: number) => number;
  readonly scale: Scale;
  readonly width: number;
}): string {
  const { counterexample, index, scale, width } = place;
  const named = counterexample.operations[index];
  if (named === undefined) return "";
  const { operation, text } = named;
  const orderPlace = counterexample.order.findIndex((step) => step.operation === index);
  const x = scale.columnOf(operation.called);
  const end = operation.returned === undefined ? width - 10 : scale.columnOf(operation.returned);
  const y = top + place.lane(operation.process) * laneHeight + 6;
  const classes = [
    "operation",
    ...(operation.returned === undefined ? ["open"] : []),
    ...(orderPlace >= 0 ? ["placed"] : []),
    ...(counterexample.stuckAt === index ? ["stuck"] : []),
  ];
  const circle =
    orderPlace < 0
      ? ""
      : `<circle class="place" cx="${x + 4}" cy="${y}" r="9"/><text class="number" x="${x + 4}" y="${y + 4}">${orderPlace + 1}</text>`;
  return [
    `<g class="${classes.join(" ")}"><title>${escape(`${describeCall(operation)}: ${text}`)}</title>`,
    `<rect class="bar" x="${x}" y="${y}" width="${Math.max(12, end - x)}" height="${laneHeight - 12}" rx="4"/>`,
    `<text x="${x + 16}" y="${y + 21}">${escape(shorten(`${index + 1}. ${text}`))}</text>${circle}</g>`,
  ].join("");
}

function drawStuck(place: {
  readonly counterexample: Counterexample;
  readonly scale: Scale;
  readonly height: number;
}): string {
  const returned = place.counterexample.operations[place.counterexample.stuckAt]?.operation.returned;
  if (returned === undefined) return "";
  const x = place.scale.columnOf(returned);
  return [
    `<line class="cut" x1="${x}" y1="${top - 16}" x2="${x}" y2="${place.height}"/>`,
    `<text class="cut-label" x="${x + 4}" y="${top - 8}">stuck here</text>`,
  ].join("");
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
