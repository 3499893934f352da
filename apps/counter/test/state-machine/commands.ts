// Random commands and batches for property tests: few names, so that commands meet.

import * as fc from "fast-check";
import { type CanonicalJson, canonicalJson, type Command, encodeCommand, type Precondition } from "../../src/index.ts";

const names = fc.constantFrom("a", "b", "ü", "a b/c");
const values: fc.Arbitrary<CanonicalJson> = fc
  .oneof(fc.constantFrom(1, 2, "x", null), fc.jsonValue({ maxDepth: 2 }))
  // fast-check promises JSON values but types them as unknown.
  .map((value) => canonicalJson(value as Parameters<typeof canonicalJson>[0]));

const revisions = fc.integer({ min: 1, max: 30 });
const preconditions: fc.Arbitrary<Precondition> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Precondition>({ type: "none" }) },
  fc.constant<Precondition>({ type: "absent" }),
  fc.constant<Precondition>({ type: "present" }),
  revisions.map((revision): Precondition => ({ type: "revision", revision })),
);

const increments = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -3, max: 3 }) },
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);

/** Any command. */
export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant("counterAdd" as const), name: names, by: increments }),
  fc.record({ type: fc.constant("registerSet" as const), key: names, value: values, precondition: preconditions }),
  fc.record({
    type: fc.constant("registerCompareAndSet" as const),
    key: names,
    expected: fc.option(values, { nil: undefined }),
    value: values,
  }),
  fc.record({ type: fc.constant("registerDelete" as const), key: names, precondition: preconditions }),
);

/** A command, sometimes with one of a few idempotency keys. */
export const anyRequest: fc.Arbitrary<{ readonly command: Command; readonly idempotencyKey: string | undefined }> =
  fc.record({ command: anyCommand, idempotencyKey: fc.option(fc.constantFrom("k1", "k2", "k3"), { nil: undefined }) });

/** A sequence of encoded requests with their indexes, from index 1. */
export const anyHistory: fc.Arbitrary<readonly { index: number; term: number; data: Uint8Array }[]> = fc
  .array(fc.oneof({ weight: 20, arbitrary: anyRequest.map(encode) }, fc.uint8Array({ maxLength: 12 })), {
    maxLength: 60,
  })
  .map((entries) => entries.map((data, i) => ({ index: i + 1, term: 1 + Math.floor(i / 20), data })));

function encode(request: { readonly command: Command; readonly idempotencyKey: string | undefined }): Uint8Array {
  return encodeCommand(request.command, request.idempotencyKey);
}
