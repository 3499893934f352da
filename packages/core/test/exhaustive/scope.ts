// What one search covers: the servers at the start and how much may happen. Everything that fits into it is looked at.

import type * as core from "../../src/index.ts";

/** The core under search. */
export type Core = typeof core;

/** The bounds of one search. */
export type Scope = {
  /** An opened copy of the core. */
  readonly core: Core;
  readonly configuration: core.Configuration;
  /** What is on the disks at the start; nothing by default. */
  readonly servers: Readonly<
    Record<string, { readonly terms?: readonly number[]; readonly term?: number; readonly votedFor?: string }>
  >;
  readonly protection: core.ProtectionOptions;
  /** Who may time out, once for each mention, while its term is below `maxTerm`. */
  readonly timeouts: readonly string[];
  readonly maxTerm: number;
  /** Leaders propose while their log is shorter. */
  readonly maxIndex: number;
  /** Proposals of each server. */
  readonly commands?: number;
  /** This server may crash once and lose what is not written; its disk is slow until then. */
  readonly crashes?: string;
  /** How many writes that disk may owe at once; as many as there are by default. */
  readonly maxWritesUnderWay?: number;
  /** A membership change that every leader may try once. */
  readonly change?: readonly core.MembershipChange[];
  /** Heartbeats of each leader besides the first ones. */
  readonly heartbeats?: number;
  /** Takes no short cuts: also looks at states that differ in nothing that matters. To see that short cuts miss nothing. */
  readonly isLiteral?: boolean;
  /** Messages that never arrive, to keep the scope small. */
  readonly isLost?: (message: core.Message) => boolean;
};
