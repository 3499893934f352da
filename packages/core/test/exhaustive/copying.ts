// Copies a server and writes it down as text, completely: two servers with the same text behave the same from then on.

/** What never changes or never influences what a server does; shared by copies and left out of the text. */
const constants = new Set(["options"]);

/**
 * Left out of the text only: a memory of which array was handed out last, what serves lease reads, which are off, and the
 * number of a read of old entries, which is answered at once.
 */
const withoutInfluence = new Set([...constants, "hidden_sharedSlice", "lease", "lastLogReadId"]);

/** A copy that shares nothing with the original but what never changes. */
export function copyOf<T>(original: T): T {
  // What leaves here has the shape of what came in.
  return copy(original) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(copy);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, copy(item)]));
  const twin: Record<string, unknown> = Object.create(Object.getPrototypeOf(value) as object | null);
  for (const [key, item] of Object.entries(value)) twin[key] = constants.has(key) ? item : copy(item);
  return twin;
}

/**
 * The whole state as text. Writes are numbered on and on; what matters is only how far a number is ahead of `durable`, the
 * last one that is on disk.
 */
export function textOf(value: unknown, durable = 0): string {
  switch (typeof value) {
    case "object":
      return value === null ? "null" : textOfObject(value, durable);
    case "string":
      return JSON.stringify(value);
    default:
      return String(value);
  }
}

function textOfObject(value: object, durable: number): string {
  if (value instanceof Uint8Array) return `"${String.fromCharCode(...value)}"`;
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item, durable)).join()}]`;
  if (value instanceof Map) return `[${[...value].map(([key, item]) => `${key}:${textOf(item, durable)}`).join()}]`;
  const parts = Object.entries(value)
    .filter(([key]) => !withoutInfluence.has(key))
    .map(([key, item]) => `${key}:${textOfField(key, item, durable)}`);
  return `{${parts.join()}}`;
}

function textOfField(key: string, value: unknown, durable: number): string {
  if (isSequence(key, value)) return `${Math.max(0, value - durable)}`;
  // Messages that wait for the disk: their order and number say nothing, in a network that mixes and repeats everything.
  if (key === "hidden_held" && Array.isArray(value)) {
    return textOf([...new Set(value.map((held) => textOf(held, durable)))].toSorted());
  }
  return textOf(value, durable);
}

function isSequence(key: string, value: unknown): value is number {
  return typeof value === "number" && /sequence$/i.test(key);
}
