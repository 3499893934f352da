// Reads history files: one JSON object per line, each an event. The first thing that is wrong ends the reading.

import { type HistoryEvent, HistoryError } from "./history.ts";
import type { Json } from "./json.ts";
import type { Model } from "./model.ts";
import { Pairing } from "./pairing.ts";

const eventTypes: readonly string[] = ["invoke", "ok", "fail", "info"];

/**
 * Reads JSON lines; empty lines are skipped, fields of other names ignored. With a model, functions and values are
 * checked against it too. Throws `HistoryError` with line and reason.
 */
export function parseHistory(
  text: string,
  model: Pick<Model<never>, "problemWithCall" | "problemWithResult"> = {},
): readonly HistoryEvent[] {
  const pairing = new Pairing(model);
  const events: HistoryEvent[] = [];
  let line = 0;
  for (const content of text.replace(/^\uFEFF/, "").split("\n")) {
    line += 1;
    if (content.trim() === "") continue;
    const event = readEvent(content, line);
    pairing.add(event, line);
    events.push(event);
  }
  return events;
}

function readEvent(content: string, line: number): HistoryEvent {
  const fields = readObject(content, line);
  const complain = (name: string, rule: string): never => {
    const found = name in fields ? `is ${JSON.stringify(fields[name])}` : "is missing";
    throw new HistoryError(line, `"${name}" ${found}: ${rule}`);
  };
  const { process, type, f, key, value, time } = fields;
  if (typeof process !== "number" || !Number.isSafeInteger(process) || process < 0) {
    return complain("process", "write a whole number from 0");
  }
  if (typeof type !== "string" || !isEventType(type)) return complain("type", `write one of ${eventTypes.join(", ")}`);
  if (typeof f !== "string" || f === "") return complain("f", "write the function's name");
  if (key !== undefined && key !== null && typeof key !== "string") {
    return complain("key", "write a text, or leave it out for a single object");
  }
  if (time !== undefined && time !== null && typeof time !== "number") return complain("time", "write nanoseconds");
  return {
    process,
    type,
    f,
    ...(typeof key === "string" ? { key } : {}),
    ...(value === undefined ? {} : { value }),
    ...(typeof time === "number" ? { time } : {}),
  };
}

function readObject(content: string, line: number): Readonly<Record<string, Json | undefined>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (error) {
    throw new HistoryError(line, `not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new HistoryError(line, "not a JSON object: an event is one object per line");
  }
  // What JSON.parse returned is JSON.
  return parsed as Readonly<Record<string, Json | undefined>>;
}

function isEventType(type: string): type is HistoryEvent["type"] {
  return eventTypes.includes(type);
}
