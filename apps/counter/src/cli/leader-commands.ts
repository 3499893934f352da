// quorate leader show|transfer

import type { Leadership } from "@quorate/client";
import { QuorateError } from "@quorate/contracts";
import type { Command } from "commander";
import type { CliIo } from "./io.ts";
import { collectReports, type NodeReport } from "./node-reports.ts";
import { addClusterOptions, clientFor, endpointsOf, type SharedValues, valuesOf } from "./options.ts";

/** Adds the commands about leadership. */
export function addLeaderCommands(program: Command, io: CliIo): void {
  const leader = program.command("leader").description("show who leads, and hand leadership over");

  addClusterOptions(leader.command("show"))
    .description("print the leader, its term, and its address")
    .action(async (_options: unknown, command: Command) => {
      const values = valuesOf(command);
      await using client = clientFor(io, values);
      const word = latestWord(await collectReports(client, endpointsOf(io, values)));
      print(io, values, word);
      if (!word.confirmed) io.stderr(`${word.endpoint} says so; the leader itself has not confirmed it\n`);
    });

  addClusterOptions(leader.command("transfer [id]"))
    .description("hand leadership to the node ID, or to the one that has most of the log, and print who leads then")
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const values = valuesOf(command);
      await using client = clientFor(io, values);
      print(io, values, await client.transferLeadership(id));
    });
}

/** Who leads, the endpoint that said so, and whether that is the leader itself. */
type Word = Leadership & { readonly endpoint: string; readonly confirmed: boolean };

/** The word with the latest term; of equals, the leader's own. Throws if nobody knows a leader, or nobody answers. */
function latestWord(reports: readonly NodeReport[]): Word {
  const words = reports.flatMap(({ endpoint, status }): readonly Word[] => {
    if (status === undefined || status.leader === null) return [];
    const { leader, term } = status;
    return [{ leader, term, endpoint, confirmed: status.role === "leader" }];
  });
  const latest = words.toSorted((a, b) => b.term - a.term || Number(b.confirmed) - Number(a.confirmed))[0];
  if (latest !== undefined) return latest;
  throw reports.some(({ status }) => status !== undefined) ? noLeader(reports) : unreachable(reports);
}

function noLeader(reports: readonly NodeReport[]): QuorateError {
  return new QuorateError({
    code: "QUORATE_NO_LEADER",
    message: `No node knows a leader. ${wordsOf(reports)}`,
    hint: "An election is probably running: ask again. If it lasts, check that a majority of the nodes is running.",
    retryable: true,
  });
}

function unreachable(reports: readonly NodeReport[]): QuorateError {
  return new QuorateError({
    code: "QUORATE_UNREACHABLE",
    message: `No node answers. ${wordsOf(reports)}`,
    hint: "Check that the nodes are running and that the endpoints are right.",
    retryable: true,
  });
}

function wordsOf(reports: readonly NodeReport[]): string {
  const words = reports.map(({ endpoint, id, status, error }) =>
    status === undefined
      ? `${id ?? endpoint}: ${error?.message ?? "no answer"}`
      : `${status.id}: ${status.role} in term ${status.term}`,
  );
  return words.join("; ");
}

function print(io: CliIo, values: SharedValues, leadership: Leadership | Word): void {
  const { leader, term } = leadership;
  const text = `${leader.id} leads in term ${term} at ${leader.http}`;
  io.stdout(values.output === "json" ? `${JSON.stringify({ schemaVersion: 1, ...leadership })}\n` : `${text}\n`);
}
