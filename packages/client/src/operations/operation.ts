// What calls ask for, independent of the wire that carries it.

/** Under which condition a register is written: at that revision, or only if there is none yet. */
export type WriteCondition = {
  readonly ifMatch?: number | undefined;
  readonly ifNoneMatch?: "*" | undefined;
};

/** A change of counters or registers. Values are JSON texts. */
export type WriteOperation =
  | { readonly type: "counterAdd"; readonly name: string; readonly by: number }
  | { readonly type: "registerSet"; readonly key: string; readonly value: string; readonly condition: WriteCondition }
  | {
      readonly type: "registerCompareAndSet";
      readonly key: string;
      /** Undefined: there must be none. */
      readonly expected: string | undefined;
      readonly value: string;
    }
  | { readonly type: "registerDelete"; readonly key: string; readonly condition: WriteCondition };

/** A look at a counter or a register. */
export type ReadOperation =
  | { readonly type: "counterGet"; readonly name: string }
  | { readonly type: "registerGet"; readonly key: string };

/** Everything that a call can ask for. */
export type Operation =
  | WriteOperation
  | ReadOperation
  | { readonly type: "status" }
  | { readonly type: "transfer"; readonly to: string | undefined };

/** What the operation does, for messages: `Adding to counter "hits"`. */
export function describeOperation(operation: Operation): string {
  switch (operation.type) {
    case "counterAdd":
      return `Adding to counter "${operation.name}"`;
    case "counterGet":
      return `Reading counter "${operation.name}"`;
    case "registerGet":
      return `Reading register "${operation.key}"`;
    case "registerSet":
      return `Setting register "${operation.key}"`;
    case "registerCompareAndSet":
      return `Comparing and setting register "${operation.key}"`;
    case "registerDelete":
      return `Deleting register "${operation.key}"`;
    case "status":
      return "Asking for the status";
    case "transfer":
      return `The transfer of leadership${operation.to === undefined ? "" : ` to ${operation.to}`}`;
  }
}
