// quorate snapshot take: running nodes store a snapshot now and shorten their logs, without anybody fetching it.

import { QuorateError } from "@quorate/contracts";
import type { Command } from "commander";
import type { TakenSnapshot } from "../http/snapshot.ts";
import { type CliIo, fetchOf } from "./io.ts";
import { addClusterOptions, endpointsOf, type SharedValues, valuesOf } from "./options.ts";
import { problemIn, readBody } from "./problem-body.ts";

/** A large state takes its time. */
const takeWithinMs = 600_000;

/** Adds the command. */
export function addTakeSnapshot(program: Command, io: CliIo): void {
  const snapshot = program.commands.find((command) => command.name() === "snapshot") ?? program.command("snapshot");
  addClusterOptions(snapshot.command("take"))
    .description("let every node of --endpoints take a snapshot now and shorten its log")
    .action(async (_options: unknown, command: Command) => {
      const values = valuesOf(command);
      // One after the other: each takes disk and time from its node.
      for (const endpoint of endpointsOf(io, values)) io.stdout(lineOf(await take(io, values, endpoint), values));
    });
}

function lineOf(taken: TakenSnapshot, { output }: SharedValues): string {
  if (output === "json") return `${JSON.stringify({ schemaVersion: 1, ...taken })}\n`;
  const { node, index, sizeBytes, firstIndex } = taken;
  return `${node}: the state after entry ${index}, ${sizeBytes} bytes; its log begins at entry ${firstIndex}\n`;
}

async function take(io: CliIo, { timeoutMs = takeWithinMs }: SharedValues, endpoint: string): Promise<TakenSnapshot> {
  const send = fetchOf(io);
  const url = `${endpoint.replace(/\/$/, "")}/v1/cluster/snapshot`;
  const response = await send(url, { method: "POST", signal: AbortSignal.timeout(timeoutMs) }).catch(
    (cause: unknown) => {
      throw unreachable(endpoint, cause);
    },
  );
  const body = (await readBody(response)) ?? {};
  // What the route of the service writes.
  if (response.status === 200 && "sizeBytes" in body) return body as TakenSnapshot;
  const { hint, ...problem } = problemIn(body, { endpoint, status: response.status });
  throw new QuorateError({
    ...problem,
    hint: hint === "" ? "Check that the endpoint is the HTTP address of a Quorate node." : hint,
    // Taking one again does no harm.
    outcome: "none",
  });
}

function unreachable(endpoint: string, cause: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_UNREACHABLE",
    message: `${endpoint} did not answer: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: "Check that the node is running and that the address is that of its HTTP interface. Taking one again does no harm.",
    retryable: true,
    cause,
  });
}
