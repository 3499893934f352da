// What clients do: one operation after the other, each a command or a query, described so that a history can record it.

/** A JSON value, as histories carry it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** How an operation goes into the history once its result is known. */
export type Recorded = {
  /** `fail`: it had no effect, by decision of the state machine. `info`: the state machine cannot tell any more. */
  readonly type: "ok" | "fail" | "info";
  readonly value?: Json;
};

type Description = {
  /** Name of the operation, for example `write`. */
  readonly f: string;
  /** The object that it is about. */
  readonly key?: string;
  /** Its input. */
  readonly value?: Json;
};

/** Changes the replicated state. */
export type CommandOperation<Result> = Description & {
  readonly command: Uint8Array;
  /** Default: `ok` with the result as value. */
  readonly record?: (result: Result) => Recorded;
  /**
   * The client sends it again, to any node, until it is answered: the state machine recognises repetitions. Every repetition
   * must be answered as the first one was, as {@link Repeatable.answer} tells it.
   */
  readonly repeatable?: Repeatable<Result>;
};

/** How to tell that a repetition was recognised. */
export type Repeatable<Result> = {
  /** What the client is told, in words; undefined if the state machine has forgotten the answer, as it may when it has been heard. */
  readonly answer: (result: Result) => string | undefined;
  /**
   * True if the state machine says that it no longer knows the client: from then on the operation must not be answered, and
   * whether it took effect before, nobody can tell. Record it as `info`. Default: never.
   */
  readonly isExpired?: (result: Result) => boolean;
};

/** Reads the replicated state. */
export type QueryOperation<Query, Answer> = Description & {
  readonly query: Query;
  /** Default: `ok` with the answer as value. */
  readonly record?: (answer: Answer) => Recorded;
};

/** One thing that a client does. */
export type Operation<Query, Answer, Result> = CommandOperation<Result> | QueryOperation<Query, Answer>;

/** What a workload may use to make an operation. It must use nothing else, or runs cannot be repeated. */
export type Draw = {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Number of the client, from 0. */
  readonly client: number;
  /** Number of the operation in this run, from 1: different for each, so good for unique values. */
  readonly operation: number;
};

/** Makes the next operation of a client. */
export type Workload<Query, Answer, Result> = (draw: Draw) => Operation<Query, Answer, Result>;
