// JSON values and their canonical text. Two values are deeply equal exactly if their canonical texts are the same string,
// so the state machine keeps texts and never compares trees.

/** Any value that JSON can express. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The canonical text of a JSON value: keys sorted by UTF-16 code units, no white space, numbers as JavaScript writes them. */
export type CanonicalJson = string;

type Frame = { readonly keys: readonly string[] | undefined; readonly values: readonly JsonValue[]; next: number };

/**
 * The canonical text of `value`. Works on any depth of nesting: a hostile document must not overflow the stack.
 *
 * @throws RangeError for a number that JSON cannot express (`1e999` parses to infinity).
 */
export function canonicalJson(value: JsonValue): CanonicalJson {
  if (typeof value !== "object" || value === null) return scalarText(value);
  let text = opening(value);
  const stack: Frame[] = [frameOf(value)];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (frame.next === frame.values.length) {
      text += frame.keys === undefined ? "]" : "}";
      stack.pop();
      continue;
    }
    if (frame.next > 0) text += ",";
    if (frame.keys !== undefined) text += `${JSON.stringify(frame.keys[frame.next])}:`;
    const child = frame.values[frame.next] ?? null;
    frame.next += 1;
    if (typeof child === "object" && child !== null) {
      text += opening(child);
      stack.push(frameOf(child));
    } else {
      text += scalarText(child);
    }
  }
  return text;
}

function opening(value: object): string {
  return Array.isArray(value) ? "[" : "{";
}

function frameOf(value: object): Frame {
  if (Array.isArray(value)) return { keys: undefined, values: value, next: 0 };
  const record = value as { readonly [key: string]: JsonValue }; // not an array and not null: a JSON object
  const keys = Object.keys(record).toSorted();
  return { keys, values: keys.map((key) => record[key] ?? null), next: 0 };
}

function scalarText(value: null | boolean | number | string): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new RangeError("a number is too large for a double-precision value");
  }
  return JSON.stringify(value);
}
