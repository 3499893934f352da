// What the checker needs to know of an object: its states, and what each operation may do in a state.

import type { Action, Operation } from "./history.ts";
import type { Json } from "./json.ts";

/**
 * The sequential behaviour of an object. States are values: `step` never changes one. Everything here is a pure function
 * of its arguments; two operations with equal `f`, `input` and `outcome` are the same to the checker.
 */
export type Model<State> = {
  /** For messages. */
  readonly name: string;
  /** The state before the first operation. */
  readonly initial: State;
  /**
   * The state after an action took effect in `state`, or `undefined` if it could not have ended like that there.
   * With `outcome.kind` `"unknown"` every result is acceptable. A `fail` that is not ignored had no effect.
   */
  readonly step: (state: State, action: Action) => State | undefined;
  /** Whether an action says nothing about any state: an unknown read, a failed write. Default: every `fail`. */
  readonly ignores?: (action: Action) => boolean;
  /** Whether an action leaves every state as it is. Optional; it makes the search faster. Default: no. */
  readonly isReadOnly?: (action: Action) => boolean;
  /** Names the part of the object that an operation is about; parts are judged by themselves. Default: the key. */
  readonly partition?: (operation: Operation) => string | undefined;
  /** Two states are the same exactly if this is. Default: the state as JSON, with sorted names. */
  readonly identify?: (state: State) => string | number;
  /** What is wrong with a call's function or input, if anything. Default: nothing is. */
  readonly problemWithCall?: (f: string, input: Json | undefined) => string | undefined;
  /** What is wrong with the value of an `ok`, if anything. Default: nothing is. */
  readonly problemWithResult?: (f: string, input: Json | undefined, result: Json | undefined) => string | undefined;
  /** An action for people, such as `write 1`. Default: function, input and result as JSON. */
  readonly describeAction?: (action: Action) => string;
  /** A state for people. Default: the state as JSON. */
  readonly describeState?: (state: State) => string;
  /** Knowledge that shortens the search over one part's operations. A wrong hint gives wrong verdicts. */
  readonly hints?: (operations: readonly Operation[]) => Hints<State>;
};

/** What a model knows of the operations of one part. Every hint is optional and must hold without exception. */
export type Hints<State> = {
  /** The only state in which an action of known outcome can take effect; `undefined` if there are several. */
  readonly requires?: (action: Action) => State | undefined;
  /** Whether an action may leave `state` behind when it takes effect in some other state. */
  readonly mayProduce?: (action: Action, state: State) => boolean;
  /**
   * Whether it can make a difference to a later `action` that an action of unknown outcome has just produced `state`.
   * If it makes none to any, that action need not have taken effect.
   */
  readonly mayMatter?: (action: Action, state: State) => boolean;
  /** The state that an action always leaves behind when it changes the state; `undefined` if it depends on the one before. */
  readonly sets?: (action: Action) => State | undefined;
  /**
   * One state for all that no operation of the part can tell apart, neither now nor after any further operations: a search
   * then tries only one of the orders that lead to them. Default: each state for itself.
   */
  readonly standIn?: (state: State) => State;
  /** Whether operations without a state in `sets` may lead from one state to another, or to itself. */
  readonly isReachable?: (from: State, to: State) => boolean;
  /**
   * For models whose unknown operations commute and can always take effect: the ways to lead from one state to another
   * by some of those `pending`. An `undefined` between two ways is a pause in a long enumeration.
   */
  readonly bridge?: (
    from: State,
    to: State,
    pending: readonly Operation[],
  ) => Iterable<readonly Operation[] | undefined>;
};
