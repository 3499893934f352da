// What a history file may say, and how it is refused if it says something else.

import { expect, test } from "vitest";
import { counter, HistoryError, parseHistory, register, stringMap } from "../src/index.ts";

const call = '{"process":0,"type":"invoke","f":"write","value":1}';

test("events are read line by line; empty lines, other fields and a final newline do not matter", () => {
  const text = `${call}\n\n{"process":0,"type":"ok","f":"write","value":1,"time":12,"node":"n1","key":null}\r\n`;
  expect(parseHistory(text, register())).toEqual([
    { process: 0, type: "invoke", f: "write", value: 1 },
    { process: 0, type: "ok", f: "write", value: 1, time: 12 },
  ]);
});

test.each([
  ["broken JSON", [call, '{"process":'], 2, "not JSON"],
  ["a line that is no object", ["[1]"], 1, "not a JSON object"],
  ["a missing process", ['{"type":"invoke","f":"read"}'], 1, '"process" is missing'],
  ["a process that is no number", ['{"process":"a","type":"invoke","f":"read"}'], 1, '"process" is "a"'],
  ["an unknown type", ['{"process":0,"type":"done","f":"read"}'], 1, '"type" is "done"'],
  ["a missing function", ['{"process":0,"type":"invoke"}'], 1, '"f" is missing'],
  ["a key that is no text", ['{"process":0,"type":"invoke","f":"read","key":5}'], 1, '"key" is 5'],
  ["a time that is no number", ['{"process":0,"type":"invoke","f":"read","time":"now"}'], 1, '"time" is "now"'],
  ["an unknown function", ['{"process":0,"type":"invoke","f":"erase"}'], 1, 'unknown f "erase"'],
  ["a completion without an invoke", ['{"process":0,"type":"ok","f":"read","value":1}'], 1, "without an invoke"],
  [
    "a second completion",
    [call, '{"process":0,"type":"info","f":"write"}', '{"process":0,"type":"ok","f":"write"}'],
    3,
    "without an invoke",
  ],
  ["a process that invokes twice", [call, "", call], 3, "still open"],
  [
    "a completion of another function",
    [call, '{"process":0,"type":"ok","f":"read","value":1}'],
    2,
    "line 1 invoked write",
  ],
  ["a completion on another key", [call, '{"process":0,"type":"ok","f":"write","key":"x"}'], 2, "no key"],
  ["a write without a value", ['{"process":0,"type":"invoke","f":"write"}'], 1, "write has no value"],
  ["an ok of another value", [call, '{"process":0,"type":"ok","f":"write","value":2}'], 2, "carries 2, but 1"],
  ["a cas that is no pair", ['{"process":0,"type":"invoke","f":"cas","value":[1]}'], 1, "[expected, new]"],
  [
    "a read that carries nothing",
    ['{"process":0,"type":"invoke","f":"read"}', '{"process":0,"type":"ok","f":"read"}'],
    2,
    "no value",
  ],
  [
    "values nested without end",
    [`{"process":0,"type":"invoke","f":"write","value":${"[".repeat(101)}${"]".repeat(101)}}`],
    1,
    "nested",
  ],
])("a register's history with %s is refused with line and reason", (_, lines, line, reason) => {
  expect(refusal(() => parseHistory(lines.join("\n"), register()))).toEqual({
    code: "HISTORY_INVALID",
    line,
    reason: expect.stringContaining(reason),
  });
});

test.each([
  ["a delta that is no whole number", ['{"process":0,"type":"invoke","f":"add","value":0.5}'], "its delta"],
  [
    "an add that returns no pair",
    ['{"process":0,"type":"invoke","f":"add","value":1}', '{"process":0,"type":"ok","f":"add","value":1}'],
    "[delta, valueAfter]",
  ],
  [
    "an add that returns another delta",
    ['{"process":0,"type":"invoke","f":"add","value":1}', '{"process":0,"type":"ok","f":"add","value":[2,2]}'],
    "delta 2, but 1",
  ],
  [
    "a read of a text",
    ['{"process":0,"type":"invoke","f":"read"}', '{"process":0,"type":"ok","f":"read","value":"1"}'],
    "whole number",
  ],
])("a counter's history with %s is refused", (_, lines, reason) => {
  const { reason: found, line } = refusal(() => parseHistory(lines.join("\n"), counter()));
  expect({ found, line }).toEqual({ found: expect.stringContaining(reason), line: lines.length });
});

test.each([
  ["a put of a number", ['{"process":0,"type":"invoke","f":"put","value":1}'], "must be a string"],
  [
    "a get of null",
    ['{"process":0,"type":"invoke","f":"get"}', '{"process":0,"type":"ok","f":"get","value":null}'],
    "string",
  ],
])("a string map's history with %s is refused", (_, lines, reason) => {
  expect(refusal(() => parseHistory(lines.join("\n"), stringMap())).reason).toContain(reason);
});

test("info and fail may carry any value, such as an error text", () => {
  const text = `${call}\n{"process":0,"type":"info","f":"write","value":"timed out"}`;
  expect(parseHistory(text, register())).toHaveLength(2);
});

function refusal(run: () => unknown): { readonly code: string; readonly line: number; readonly reason: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof HistoryError) return { code: error.code, line: error.line, reason: error.reason };
    throw error;
  }
  throw new Error("it was not refused");
}
