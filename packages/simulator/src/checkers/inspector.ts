// Stands between the nodes and the checkers: notices what has changed, keeps the committed log, and passes each observation
// to those who asked for its kind. Remembers the first violation; the run stops at it.

import type { CommittedCommand, Configuration, Entry, EntryId, LogWrite, Message, NodeId } from "@quorate/contracts";
import type { NodeStatus } from "@quorate/node";
import { allCheckers } from "./all-checkers.ts";
import type { Checker, ClientCommand, ClientRead, CommittedEntry, ObservedNode, SnapshotSeen } from "./checker.ts";

/** A property that does not hold, and why. */
export type Violation = { readonly property: string; readonly message: string };

type HookName = Exclude<keyof Checker, "property">;

/** Watches one run. */
export class Inspector {
  readonly #hooks: { readonly [Name in HookName]: readonly NonNullable<Checker[Name]>[] };
  readonly #committed = new Map<number, CommittedEntry>();
  /** Up to where each node's current process has been looked at. */
  readonly #commitSeen = new Map<NodeId, number>();
  #lastCommitted = 0;
  readonly #onViolation: () => void;
  #violation: Violation | undefined;

  constructor(options: {
    readonly nodes: readonly ObservedNode[];
    readonly founders: Configuration;
    readonly nowMs: () => number;
    readonly onViolation: () => void;
  }) {
    this.#onViolation = options.onViolation;
    const checkers = allCheckers.map((make) => {
      const checker: Checker = make({
        ...options,
        committed: this.#committed,
        report: (message) => this.report(checker.property, message),
      });
      return checker;
    });
    const hooks = <Name extends HookName>(name: Name) =>
      checkers.map((checker) => checker[name]).filter((hook) => hook !== undefined);
    this.#hooks = {
      onStart: hooks("onStart"),
      onWipe: hooks("onWipe"),
      onSend: hooks("onSend"),
      onWrite: hooks("onWrite"),
      onCompact: hooks("onCompact"),
      onSnapshot: hooks("onSnapshot"),
      onRestore: hooks("onRestore"),
      onCommit: hooks("onCommit"),
      onTurn: hooks("onTurn"),
      onApply: hooks("onApply"),
      onAttempt: hooks("onAttempt"),
      onAcknowledged: hooks("onAcknowledged"),
      onRefused: hooks("onRefused"),
      onRead: hooks("onRead"),
    };
  }

  /** The first violation. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** The highest index that any node has committed. */
  get lastCommitted(): number {
    return this.#lastCommitted;
  }

  /** Entries that are committed, by index. */
  get committed(): ReadonlyMap<number, CommittedEntry> {
    return this.#committed;
  }

  /** Remembers a violation unless there is one already. */
  report(property: string, message: string): void {
    this.#violation ??= { property, message };
    this.#onViolation();
  }

  started(node: ObservedNode): void {
    this.#commitSeen.set(node.id, node.log.base.index);
    for (const hook of this.#hooks.onStart) hook(node);
  }

  wiped(node: ObservedNode): void {
    for (const hook of this.#hooks.onWipe) hook(node);
  }

  sent(node: ObservedNode, message: Message): void {
    for (const hook of this.#hooks.onSend) hook(node, message);
  }

  written(node: ObservedNode, write: LogWrite): void {
    for (const hook of this.#hooks.onWrite) hook(node, write);
  }

  compacted(node: ObservedNode, base: EntryId): void {
    for (const hook of this.#hooks.onCompact) hook(node, base);
  }

  snapshotTaken(node: ObservedNode, snapshot: SnapshotSeen): void {
    for (const hook of this.#hooks.onSnapshot) hook(node, snapshot);
  }

  restored(node: ObservedNode, appliedIndex: number): void {
    for (const hook of this.#hooks.onRestore) hook(node, appliedIndex);
  }

  applied(node: ObservedNode, command: CommittedCommand, result: unknown): void {
    for (const hook of this.#hooks.onApply) hook(node, command, result);
  }

  /** A turn is over; `node.status` is still that of the turn before. */
  turned(node: ObservedNode, status: NodeStatus): void {
    this.#lookAtCommit(node, status);
    for (const hook of this.#hooks.onTurn) hook(node, status);
  }

  attempted(command: ClientCommand): void {
    for (const hook of this.#hooks.onAttempt) hook(command);
  }

  acknowledged(command: ClientCommand, position: { readonly index: number; readonly term: number }): void {
    for (const hook of this.#hooks.onAcknowledged) hook(command, position);
  }

  refused(command: ClientCommand): void {
    for (const hook of this.#hooks.onRefused) hook(command);
  }

  read(read: ClientRead): void {
    for (const hook of this.#hooks.onRead) hook(read);
  }

  #lookAtCommit(node: ObservedNode, status: NodeStatus): void {
    const seen = this.#commitSeen.get(node.id) ?? 0;
    if (status.commitIndex <= seen) return;
    for (let index = seen + 1; index <= status.commitIndex; index++) {
      const entry = node.log.entryAt(index);
      if (entry === undefined) continue;
      for (const hook of this.#hooks.onCommit) hook(node, entry, status);
      this.#remember(entry, status.term);
    }
    this.#commitSeen.set(node.id, status.commitIndex);
    this.#lastCommitted = Math.max(this.#lastCommitted, status.commitIndex);
  }

  #remember(entry: Entry, term: number): void {
    const known = this.#committed.get(entry.index);
    if (known === undefined) this.#committed.set(entry.index, { entry, inTerm: term });
    else if (term < known.inTerm) this.#committed.set(entry.index, { entry: known.entry, inTerm: term });
  }
}
