// What the commands that send their own requests make of an answer that is not the one they hoped for.

import { expect, test } from "vitest";
import { run } from "./run.ts";

const endpoint = "http://127.0.0.1:8101";
const problem = {
  code: "QUORATE_BUSY",
  detail: "n1 has much to do.",
  hint: "Wait.",
  retryable: false,
  outcome: "none",
};
const busy = "error: QUORATE_BUSY: n1 has much to do.\n  Wait.\n";
const unknown = { ...problem, outcome: "unknown" };
const noNode = `error: QUORATE_ANSWER_INVALID: ${endpoint} answered with status 503`;

/** Runs a command against a node that gives this answer to everything. */
function answered(argv: readonly string[], body: string) {
  const fetch = () => Promise.resolve(new Response(body, { status: 503 }));
  return run([...argv, "--endpoints", endpoint], {}, { fetch });
}

test.each([
  { what: "what a node says", body: JSON.stringify(problem), exitCode: 1, stderr: busy },
  { what: "what a node says of an unknown outcome", body: JSON.stringify(unknown), exitCode: 4, stderr: busy },
  {
    what: "that somebody else has answered",
    body: '{"message":"no route"}',
    exitCode: 4,
    stderr: `${noNode}.\n  Check the endpoint and what stands before it.\n`,
  },
  {
    what: "that the answer has no JSON",
    body: "<html>",
    exitCode: 4,
    stderr: `${noNode} and without JSON.\n  Check that the endpoint is a Quorate node.\n`,
  },
])("members remove tells $what, with the exit code for its outcome", async ({ body, exitCode, stderr }) => {
  expect(await answered(["members", "remove", "n2"], body)).toEqual({ exitCode, stdout: "", stderr });
});

test.each([
  { what: "what a node says", body: JSON.stringify(problem), stderr: busy },
  { what: "what a node says of an unknown outcome", body: JSON.stringify(unknown), stderr: busy },
  ...['{"message":"no route"}', "<html>"].map((body) => ({
    what: `that ${body} is no answer of a node`,
    body,
    stderr: `${noNode}.\n  Check that the endpoint is the HTTP address of a Quorate node.\n`,
  })),
])("snapshot take tells $what; taking one again does no harm", async ({ body, stderr }) => {
  expect(await answered(["snapshot", "take"], body)).toEqual({ exitCode: 1, stdout: "", stderr });
});
