// Turns the state of the run into frames for every open page: each page gets what has changed since its last frame, at the
// pace at which it reads. Nothing is queued for a slow one: it is given the latest state when it is ready again.

import type { Sections } from "./protocol.ts";

/** A page that reads. */
export type Sink = {
  /** Whether another frame can be taken now. */
  isReady(): boolean;
  /** Takes text in the format of server-sent events. */
  send(text: string): void;
  /** Nothing more comes. */
  end(): void;
};

/** A page's place among the readers. */
export type Subscription = {
  /** The page is ready again. */
  resume(): void;
  cancel(): void;
};

/** The state with the moment at which it was so, in ms. */
export type Snapshot = { readonly atMs: number; readonly sections: Sections };

type Reader = {
  readonly sink: Sink;
  /** Which version of each section it has. */
  readonly has: Map<string, number>;
  seq: number;
  /** Whether it was sent nothing since the last heartbeat. */
  isQuiet: boolean;
};

/** A section as it was last written, and how often it has changed. */
type Written = { readonly json: string; readonly version: number };

/** The frames of a run. Whoever owns it calls `tick` and `beat` regularly. */
export class Feed {
  readonly #read: () => Snapshot;
  readonly #written = new Map<string, Written>();
  readonly #readers = new Set<Reader>();
  #atMs = 0;

  constructor(read: () => Snapshot) {
    this.#read = read;
  }

  /** How many pages read. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Gives a page the whole state, and from then on what changes. */
  subscribe(sink: Sink): Subscription {
    const reader: Reader = { sink, has: new Map(), seq: 0, isQuiet: true };
    this.#readers.add(reader);
    this.#write();
    this.#offer(reader);
    return { resume: () => this.#offer(reader), cancel: () => void this.#readers.delete(reader) };
  }

  /** Looks at the state and gives every page that is ready what has changed for it. */
  tick(): void {
    if (this.#readers.size === 0) return;
    this.#write();
    for (const reader of this.#readers) this.#offer(reader);
  }

  /** Tells pages that were sent nothing since the last time that the demo is still there. */
  beat(): void {
    for (const reader of this.#readers) {
      if (reader.isQuiet && reader.sink.isReady()) reader.sink.send(": still here\n\n");
      reader.isQuiet = true;
    }
  }

  /** Gives every page that is ready the last state, and ends its stream. */
  close(): void {
    this.tick();
    for (const { sink } of this.#readers) sink.end();
    this.#readers.clear();
  }

  #write(): void {
    const { atMs, sections } = this.#read();
    this.#atMs = atMs;
    for (const [name, section] of Object.entries(sections)) {
      const json = JSON.stringify(section);
      const before = this.#written.get(name);
      if (before?.json !== json) this.#written.set(name, { json, version: (before?.version ?? 0) + 1 });
    }
  }

  #offer(reader: Reader): void {
    if (!this.#readers.has(reader) || !reader.sink.isReady()) return;
    const news = [...this.#written].filter(([name, { version }]) => reader.has.get(name) !== version);
    if (news.length === 0) return;
    reader.seq += 1;
    reader.isQuiet = false;
    for (const [name, { version }] of news) reader.has.set(name, version);
    const members = news.map(([name, { json }]) => `,${JSON.stringify(name)}:${json}`);
    reader.sink.send(`data: {"seq":${reader.seq},"atMs":${Math.round(this.#atMs)}${members.join("")}}\n\n`);
  }
}
