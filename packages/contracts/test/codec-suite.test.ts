// The codec suite must be able to fail: a correct codec passes all of its laws, and each mistake breaks the law that forbids it.
// The codec is JSON that accepts only what it would write itself.

import { describe, expect, test } from "vitest";
import { findMalformed } from "../src/conformance/envelopes.ts";
import { codecConformance } from "../src/conformance/index.ts";
import { type Codec, type Envelope, QuorateError } from "../src/index.ts";
import { brokenLaws, collectLaws } from "./suite-runner.ts";

type Mistake =
  | "none"
  | "has version 0"
  | "forgets a reason"
  | "cuts numbers to 32 bits"
  | "writes into its last result"
  | "remembers a list with its whole message"
  | "hands out what it remembers"
  | "changes its input"
  | "reads the buffer around its input"
  | "returns a Buffer"
  | "throws what it stumbles on"
  | "accepts whatever can be parsed"
  | "accepts bytes after the end"
  | "has no limit";

const refuse = (code: string): QuorateError => new QuorateError({ code, message: code, hint: code });

class JsonCodec implements Codec {
  readonly name = "json";
  readonly version: number;
  readonly #mistake: Mistake;
  readonly #maxBytes: number;
  readonly #shared = new Uint8Array(100_000);
  readonly #remembered: WeakMap<object, Uint8Array> = new WeakMap();

  constructor(mistake: Mistake, maxBytes = 1_000_000) {
    this.#mistake = mistake;
    this.#maxBytes = maxBytes;
    this.version = mistake === "has version 0" ? 0 : 1;
  }

  encode(envelope: Envelope): Uint8Array {
    const key = this.#keyOf(envelope);
    const known = key === undefined ? undefined : this.#remembered.get(key);
    if (known !== undefined) return known;
    const written = this.#write(envelope);
    if (written.length > this.#maxBytes && this.#mistake !== "has no limit") throw refuse("QUORATE_TOO_LARGE");
    if (key !== undefined) this.#remembered.set(key, written);
    if (this.#mistake !== "writes into its last result") return written;
    this.#shared.set(written);
    return this.#shared.subarray(0, written.length);
  }

  decode(input: Uint8Array): Envelope {
    const bytes = this.#mistake === "reads the buffer around its input" ? new Uint8Array(input.buffer) : input;
    if (bytes.length > this.#maxBytes && this.#mistake !== "has no limit") throw refuse("QUORATE_DECODE_FAILED");
    try {
      const envelope = this.#read(bytes);
      if (this.#mistake === "changes its input") input.fill(0, 0, 1);
      return envelope;
    } catch (error) {
      throw this.#mistake === "throws what it stumbles on" ? error : refuse("QUORATE_DECODE_FAILED");
    }
  }

  #keyOf({ message }: Envelope): object | undefined {
    if (message.type !== "appendRequest") return undefined;
    if (this.#mistake === "remembers a list with its whole message") return message.entries;
    return this.#mistake === "hands out what it remembers" ? message.entries : undefined;
  }

  #write(envelope: Envelope): Uint8Array {
    const text = JSON.stringify(envelope, (key, value: unknown) => {
      if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString("base64") };
      if (key === "reason" && this.#mistake === "forgets a reason") return undefined;
      return typeof value === "number" && this.#mistake === "cuts numbers to 32 bits" ? value >>> 0 : value;
    });
    return new TextEncoder().encode(text);
  }

  #read(bytes: Uint8Array): Envelope {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const whole = this.#mistake === "accepts bytes after the end" ? text.slice(0, text.lastIndexOf("}") + 1) : text;
    const envelope = JSON.parse(whole, (_key, value: { readonly base64?: string } | null) => {
      if (typeof value?.base64 !== "string") return value;
      const data = Buffer.from(value.base64, "base64");
      return this.#mistake === "returns a Buffer" ? data : new Uint8Array(data);
    }) as Envelope;
    if (this.#mistake === "accepts whatever can be parsed") return envelope;
    const isCanonical = Buffer.from(this.#write(envelope)).equals(new TextEncoder().encode(whole));
    if (!isCanonical || findMalformed(envelope) !== undefined) throw refuse("QUORATE_DECODE_FAILED");
    return envelope;
  }
}

function lawsOf(mistake: Mistake): ReturnType<typeof collectLaws> {
  return collectLaws((framework) =>
    codecConformance(framework, {
      name: "json",
      makeCodec: () => new JsonCodec(mistake),
      makeLimited: (maxBytes) => new JsonCodec(mistake, maxBytes),
      runs: 50,
    }),
  );
}

describe("the codec suite", () => {
  test("passes a correct codec", async () => {
    expect(await brokenLaws(lawsOf("none"))).toEqual([]);
  });

  test.each<{ mistake: Mistake; law: string }>([
    { mistake: "has version 0", law: "has a name and a version of at least 1" },
    { mistake: "forgets a reason", law: "gives back every kind of message as it was" },
    { mistake: "cuts numbers to 32 bits", law: "gives back random messages as they were" },
    { mistake: "writes into its last result", law: "does not write again to bytes that it returned" },
    {
      mistake: "remembers a list with its whole message",
      law: "encodes the same list of entries correctly for every peer",
    },
    { mistake: "hands out what it remembers", law: "is not changed by a caller that overwrites the bytes it got" },
    { mistake: "changes its input", law: "leaves the input of decode as it was, and reads it the same way twice" },
    { mistake: "reads the buffer around its input", law: "reads bytes that are a part of a larger buffer" },
    { mistake: "returns a Buffer", law: "returns the bytes of entries as plain Uint8Array" },
    { mistake: "throws what it stumbles on", law: "refuses no bytes at all" },
    { mistake: "throws what it stumbles on", law: "refuses every message that is cut off, at every byte" },
    { mistake: "accepts bytes after the end", law: "refuses bytes after the end of a message" },
    {
      mistake: "accepts whatever can be parsed",
      law: "turns a message with one flipped bit into a refusal or into a well-formed message",
    },
    { mistake: "throws what it stumbles on", law: "refuses random bytes, or finds a well-formed message in them" },
    {
      mistake: "throws what it stumbles on",
      law: "refuses a long run of any byte after any beginning, however deep it would nest",
    },
    { mistake: "has no limit", law: "refuses to encode or decode more than its limit" },
  ])("catches a codec that $mistake: it $law", async ({ mistake, law }) => {
    expect(await brokenLaws(lawsOf(mistake), law)).toEqual([law]);
  });
});
