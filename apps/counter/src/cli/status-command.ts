// quorate status: every node's own word, put side by side.

import type { NodeStatus } from "@quorate/client";
import type { Command } from "commander";
import { exitCodes } from "../errors/catalogue.ts";
import { type CliIo, usesColor } from "./io.ts";
import { collectReports, leaderOf, type NodeReport } from "./node-reports.ts";
import { addClusterOptions, clientFor, endpointsOf, valuesOf } from "./options.ts";
import { durationText, tableText } from "./table.ts";

/** Adds `quorate status`. `setExitCode` is called when the cluster is not healthy. */
export function addStatusCommand(program: Command, io: CliIo, setExitCode: (code: number) => void): void {
  addClusterOptions(program.command("status"))
    .description("show every node of the cluster")
    .action(async (_options: unknown, command: Command) => {
      const values = valuesOf(command);
      await using client = clientFor(io, values);
      const reports = await collectReports(client, endpointsOf(io, values));
      setExitCode(exitCodeFor(reports));
      io.stdout(values.output === "json" ? `${JSON.stringify(jsonOf(reports))}\n` : textOf(io, reports));
      for (const { endpoint, error, status } of reports) {
        if (status !== undefined && "diagnosis" in status) io.stderr(`${status.id}: ${String(status.diagnosis)}\n`);
        if (error !== undefined) io.stderr(`${endpoint}: ${error.code}: ${error.message}\n`);
      }
    });
}

function exitCodeFor(reports: readonly NodeReport[]): number {
  if (reports.every(({ status }) => status === undefined)) return exitCodes.unreachable;
  return reports.some(({ status }) => status?.leader != null) ? exitCodes.ok : exitCodes.noLeader;
}

function jsonOf(reports: readonly NodeReport[]): object {
  const statuses = reports.flatMap(({ status }) => status ?? []);
  return {
    schemaVersion: 1,
    cluster: statuses[0]?.cluster ?? null,
    leader: leaderOf(statuses)?.id ?? null,
    nodes: reports.map(({ endpoint, id, status, error }) => ({
      id: id ?? null,
      endpoint,
      reachable: status !== undefined,
      status: status ?? null,
      error: error ?? null,
    })),
  };
}

function textOf(io: CliIo, reports: readonly NodeReport[]): string {
  const statuses = reports.flatMap(({ status }) => status ?? []);
  const leader = leaderOf(statuses);
  const head = ["NODE", "ADDRESS", "ROLE", "TERM", "COMMIT", "APPLIED", "LAG", "LAST CONTACT", "ERRORS"];
  const rows = reports.map((report) => rowOf(report, leader, usesColor(io)));
  return `${tableText(head, rows)}${summaryOf(reports, statuses)}\n`;
}

function rowOf(report: NodeReport, leader: NodeStatus | undefined, color: boolean): string[] {
  const { endpoint, id, status, error } = report;
  const contact = leader?.members.find((member) => member.id === id)?.lastContactMs;
  const contactText = id === leader?.id || contact === undefined ? "-" : durationText(contact);
  const address = endpoint.replace(/^https?:\/\//, "");
  if (status === undefined) {
    return [
      id ?? "?",
      address,
      "-",
      "-",
      "-",
      "-",
      "-",
      contactText,
      error?.code === "QUORATE_UNREACHABLE" ? "unreachable" : (error?.code ?? ""),
    ];
  }
  const leads = status.role === "leader";
  const isLearner = status.members.some((member) => member.id === status.id && !member.voter);
  const isMember = status.members.some((member) => member.id === status.id);
  const role = leads ? "LEADER" : isLearner ? "learner" : isMember ? status.role : "no member";
  const lag = leader === undefined || leads ? "-" : String(Math.max(0, leader.commitIndex - status.lastApplied));
  const { term, commitIndex, lastApplied } = status;
  return [
    status.id,
    address,
    leads && color ? `\u001b[1m${role}\u001b[22m` : role,
    String(term),
    String(commitIndex),
    String(lastApplied),
    lag,
    contactText,
    "",
  ];
}

function summaryOf(reports: readonly NodeReport[], statuses: readonly NodeStatus[]): string {
  const first = leaderOf(statuses) ?? statuses[0];
  if (first === undefined) return "no node answers";
  const voters = first.members.filter(({ voter }) => voter);
  const quorum = Math.floor(voters.length / 2) + 1;
  const up = voters.filter(({ id }) =>
    reports.some((report) => report.id === id && report.status !== undefined),
  ).length;
  const more = Math.max(0, up - quorum);
  const down = voters.length - up;
  const tolerance = up < quorum ? "no quorum" : `tolerates ${more} more failure${more === 1 ? "" : "s"}`;
  const plural = voters.length === 1 ? "voter" : "voters";
  const learners = first.members.length - voters.length;
  const listening = learners === 0 ? "" : ` and ${learners} learner${learners === 1 ? "" : "s"}`;
  return `cluster ${first.cluster}  ${voters.length} ${plural}${listening}  quorum ${quorum}  ${tolerance}${down === 0 ? "" : ` (${down} down)`}`;
}
