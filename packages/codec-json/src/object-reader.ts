// Takes fields out of a parsed JSON object, each with the type that its name demands. Names that nobody asks for are
// skipped: a newer minor version may add some.

import { decodeFailed } from "./refusal.ts";

/** Longest text that is a name. */
const maxNameLength = 256;

/** Reads one object; every method takes a field by its name or refuses. */
export class ObjectReader {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #place: string;

  /** `place` is the path of the object in the envelope; empty for the envelope itself. */
  constructor(value: unknown, place = "") {
    this.#place = place;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw decodeFailed("not an object", { field: place === "" ? "envelope" : place });
    }
    // An object of JSON has string keys and any values.
    this.#fields = value as Readonly<Record<string, unknown>>;
  }

  /** A whole number from 0 to 2^53 - 1. Minus zero is refused: nobody writes it, and it compares oddly. */
  integer(name: string): number {
    const value = this.#field(name);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) return value;
    throw this.#refuse(name, "is not a whole number from 0 to 2^53 - 1");
  }

  /** The name of a cluster, a server or an incarnation. */
  name(name: string): string {
    const value = this.#field(name);
    if (typeof value === "string" && value.length <= maxNameLength && value.isWellFormed()) return value;
    throw this.#refuse(name, `is not text of at most ${maxNameLength} characters`);
  }

  boolean(name: string): boolean {
    const value = this.#field(name);
    if (typeof value === "boolean") return value;
    throw this.#refuse(name, "is neither true nor false");
  }

  /** One of the known words. */
  word<Word extends string>(name: string, words: readonly Word[]): Word {
    const value = this.#field(name);
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    throw this.#refuse(name, "is not a word of this format");
  }

  /** As `word`, or undefined if the field is missing. */
  wordIfAny<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    return Object.hasOwn(this.#fields, name) ? this.word(name, words) : undefined;
  }

  /** As `integer`, or undefined if the field is missing. */
  integerIfAny(name: string): number | undefined {
    return Object.hasOwn(this.#fields, name) ? this.integer(name) : undefined;
  }

  /** Base64 in its one canonical form, as bytes of their own. */
  bytes(name: string): Uint8Array {
    const value = this.#field(name);
    if (typeof value === "string") {
      // Reading it forgives almost everything, so that only what is written back the same was right.
      const bytes = Buffer.from(value, "base64");
      if (bytes.toString("base64") === value) return new Uint8Array(bytes);
    }
    throw this.#refuse(name, "is not base64");
  }

  object(name: string): ObjectReader {
    return new ObjectReader(this.#field(name), this.#path(name));
  }

  objects(name: string): readonly ObjectReader[] {
    const value = this.#field(name);
    if (!Array.isArray(value)) throw this.#refuse(name, "is not an array");
    return value.map((element, position) => new ObjectReader(element, `${this.#path(name)}[${position}]`));
  }

  /** The error for a field whose value is of the right type and wrong nevertheless. */
  refuse(name: string, problem: string): Error {
    return this.#refuse(name, problem);
  }

  /** Own fields alone: `constructor` and its like are names that anybody may send. */
  #field(name: string): unknown {
    if (Object.hasOwn(this.#fields, name)) return this.#fields[name];
    throw this.#refuse(name, "is missing");
  }

  #refuse(name: string, problem: string): Error {
    return decodeFailed(`${name} ${problem}`, { field: this.#path(name) });
  }

  #path(name: string): string {
    return this.#place === "" ? name : `${this.#place}.${name}`;
  }
}
