// Histories written as stories: one line per event, such as `0 invoke write 1` or `0 ok`.

import type { HistoryEvent, Json } from "../../src/index.ts";

/** `PROCESS TYPE [F] [VALUE as JSON]`; a completion takes function and value from its invocation unless it says more. */
export function story(...lines: readonly string[]): readonly HistoryEvent[] {
  const open = new Map<number, { readonly f: string; readonly value?: Json }>();
  return lines.map((line) => {
    const [, process = "", type = "", rest = ""] = /^(\d+) (\w+) ?(.*)$/.exec(line) ?? [];
    const words = /^(\w+)? ?(.*)$/.exec(type === "invoke" ? rest : `${open.get(Number(process))?.f ?? "?"} ${rest}`);
    const f = words?.[1] ?? "?";
    const text = words?.[2] ?? "";
    const call = { f, ...(text === "" ? {} : { value: JSON.parse(text) as Json }) };
    if (type === "invoke") open.set(Number(process), call);
    const isEcho = type === "ok" && f !== "read" && call.value === undefined;
    const value = isEcho ? open.get(Number(process))?.value : call.value;
    return {
      process: Number(process),
      type: type as HistoryEvent["type"],
      f,
      ...(value === undefined ? {} : { value }),
    };
  });
}
