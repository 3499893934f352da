// What clients saw under faults is what they could have seen from one register, judged by a checker that knows nothing of Raft.
import { checkHistory, register } from "@quorate/linearizability";
import { describe, expect, test } from "vitest";
import { type HistoryEvent, historyText, registers, simulate } from "../src/index.ts";

/** A history whose last read claims to have seen the value that was there two writes earlier. */
function withStaleRead(history: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const process = Math.max(...history.map((event) => event.process)) + 1;
  const event = (type: "invoke" | "ok", f: string, value?: number): HistoryEvent => {
    return { process, type, f, key: "k1", time: 0, ...(value !== undefined && { value }) };
  };
  const write = (value: number): HistoryEvent[] => [event("invoke", "write", value), event("ok", "write", value)];
  return [...history, ...write(-1), ...write(-2), event("invoke", "read"), event("ok", "read", -1)];
}

describe.each(["core", "node"] as const)("at the level %s, histories are linearizable", (level) => {
  test.each(Array.from({ length: 30 }, (_, position) => 7_000 + position))("seed %i", async (seed) => {
    const { history } = await simulate({ seed, level, nodes: 3, faults: "all", thinkMs: 20, ...registers() });
    expect(history.length).toBeGreaterThan(100);
    expect(checkHistory(history, register())).toMatchObject({ verdict: "linearizable" });
  });
});

describe("a history", () => {
  test("with a stale read is not linearizable", async () => {
    const { history } = await simulate({ seed: 7_000, nodes: 3, faults: "all", ...registers() });
    expect(checkHistory(withStaleRead(history), register())).toMatchObject({ verdict: "not-linearizable" });
  });

  test("is written one event a line, as the checker's program reads it", async () => {
    const { history } = await simulate({ seed: 1, faults: "none", durationMs: 1_000, ...registers() });
    const [first = ""] = historyText(history).split("\n");
    expect(JSON.parse(first)).toMatchObject({ process: expect.any(Number), type: "invoke", f: expect.any(String) });
    expect(historyText(history).split("\n")).toHaveLength(history.length + 1);
  });
});
