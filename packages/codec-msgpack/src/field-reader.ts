// Takes the elements of a decoded array one after the other, each with the type that its place demands.

import { decodeFailed } from "./refusal.ts";

/** Reads one array from its first element on; every method takes the next element or refuses. */
export class FieldReader {
  readonly #elements: readonly unknown[];
  /** Position in the list of entries; undefined for the envelope itself. A name would have to be made for every entry. */
  readonly #entryPosition: number | undefined;
  #position = 0;

  constructor(decoded: unknown, entryPosition?: number) {
    this.#entryPosition = entryPosition;
    if (!Array.isArray(decoded)) throw decodeFailed("not an array", { field: this.#place() });
    this.#elements = decoded;
  }

  /** A whole number from 0 to 2^53 - 1. Minus zero is refused: it is not written by anyone and compares oddly. */
  integer(field: string): number {
    const value = this.#next(field);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
      throw this.#refuse(field, "is not a whole number from 0 to 2^53 - 1");
    }
    return value;
  }

  text(field: string): string {
    const value = this.#next(field);
    if (typeof value !== "string") throw this.#refuse(field, "is not text");
    return value;
  }

  boolean(field: string): boolean {
    const value = this.#next(field);
    if (typeof value !== "boolean") throw this.#refuse(field, "is neither true nor false");
    return value;
  }

  bytes(field: string): Uint8Array {
    const value = this.#next(field);
    if (!(value instanceof Uint8Array)) throw this.#refuse(field, "is not bytes");
    return value;
  }

  array(field: string): readonly unknown[] {
    const value = this.#next(field);
    if (!Array.isArray(value)) throw this.#refuse(field, "is not an array");
    return value;
  }

  /** A number that stands for one of the known names. */
  named<Name>(field: string, names: ReadonlyMap<number, Name>): Name {
    const number = this.integer(field);
    const name = names.get(number);
    if (name === undefined) throw this.#refuse(field, `is ${number}, which stands for nothing known`);
    return name;
  }

  /** As `named`, or nil for undefined. */
  namedOrNil<Name>(field: string, names: ReadonlyMap<number, Name>): Name | undefined {
    if (this.#elements[this.#position] !== null) return this.named(field, names);
    this.#position += 1;
    return undefined;
  }

  /** As `integer`, or nil for undefined. */
  integerOrNil(field: string): number | undefined {
    if (this.#elements[this.#position] !== null) return this.integer(field);
    this.#position += 1;
    return undefined;
  }

  #next(field: string): unknown {
    if (this.#position >= this.#elements.length) throw this.#refuse(field, "is missing");
    const value = this.#elements[this.#position];
    this.#position += 1;
    return value;
  }

  #refuse(field: string, problem: string): Error {
    const place = this.#entryPosition === undefined ? field : `${this.#place()}.${field}`;
    return decodeFailed(`${field} ${problem}`, { field: place });
  }

  #place(): string {
    return this.#entryPosition === undefined ? "envelope" : `entries[${this.#entryPosition}]`;
  }
}
