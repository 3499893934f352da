// Where a text stops being JSON. JavaScript's own messages name the place only sometimes, and their wording changes
// between versions. Only called for texts that JSON.parse has refused.

/** The position (in UTF-16 code units, from 0) of the first character that cannot belong to a JSON text. */
export function jsonErrorPosition(text: string): number {
  return new Scanner(text).errorPosition();
}

const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordToken = /true|false|null/y;
const plainCharacters = /[^"\\\p{Cc}]+|[\u007f-\u009f]+/uy;
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const space = /[ \t\n\r]*/y;

/** Runs over the text once, with a stack of its own: nesting may be deep. */
class Scanner {
  readonly #text: string;
  #position = 0;
  /** The closing bracket of every open array and object. */
  readonly #open: string[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  errorPosition(): number {
    for (;;) {
      this.#match(space);
      const token = this.#token();
      if (token === "invalid") return this.#position;
      if (token === "opened") continue;
      // After a complete value: close what ends here; then a comma and the next value, or nothing.
      this.#closeAll();
      if (this.#open.length === 0 || !this.#character(",")) return this.#position;
      if (this.#open.at(-1) === "}" && !this.#memberName()) return this.#position;
    }
  }

  /** Reads a scalar, or opens an array or object up to where its first value begins. */
  #token(): "value" | "opened" | "invalid" {
    if (this.#character("[")) {
      this.#open.push("]");
      this.#match(space);
      return this.#text[this.#position] === "]" ? "value" : "opened";
    }
    if (this.#character("{")) {
      this.#open.push("}");
      this.#match(space);
      if (this.#text[this.#position] === "}") return "value";
      return this.#memberName() ? "opened" : "invalid";
    }
    if (this.#text[this.#position] === '"') return this.#string() ? "value" : "invalid";
    return this.#match(numberToken) || this.#match(wordToken) ? "value" : "invalid";
  }

  #closeAll(): void {
    this.#match(space);
    for (let closing = this.#open.at(-1); closing !== undefined && this.#character(closing); ) {
      this.#open.pop();
      this.#match(space);
      closing = this.#open.at(-1);
    }
  }

  #memberName(): boolean {
    this.#match(space);
    if (!this.#string()) return false;
    this.#match(space);
    return this.#character(":");
  }

  #string(): boolean {
    if (!this.#character('"')) return false;
    while (this.#match(plainCharacters) || this.#match(escapeSequence));
    return this.#character('"');
  }

  #character(expected: string): boolean {
    if (this.#text[this.#position] !== expected) return false;
    this.#position += 1;
    return true;
  }

  /** Advances over a match at the current position; false if there is none or it is empty. */
  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#position;
    const matched = pattern.exec(this.#text)?.[0] ?? "";
    this.#position += matched.length;
    return matched !== "";
  }
}
