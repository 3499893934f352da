// What the nodes say of themselves, for the commands that put several words side by side.

import type { Client, NodeStatus } from "@quorate/client";
import { codeOf } from "@quorate/contracts";

/** What one node said, or why it said nothing. */
export type NodeReport = {
  readonly endpoint: string;
  readonly id: string | undefined;
  readonly status: NodeStatus | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
};

/** Asks the endpoints, then the members that they name and nobody has asked yet. */
export async function collectReports(client: Client, endpoints: readonly string[]): Promise<readonly NodeReport[]> {
  const asked = await Promise.all(endpoints.map((endpoint) => ask(client, endpoint, undefined)));
  const seen = new Set(asked.map(({ id, endpoint }) => id ?? endpoint));
  const members = asked.flatMap(({ status }) => status?.members ?? []);
  const others = new Map(members.filter(({ id, http }) => !seen.has(id) && !seen.has(http)).map((m) => [m.id, m.http]));
  const answers = await Promise.all([...others].map(([id, http]) => ask(client, http, id)));
  const reports = [...asked.map((report) => withMemberId(report, members)), ...answers];
  const byNode = new Map(reports.map((report) => [report.id ?? report.endpoint, report]));
  return [...byNode.values()].toSorted((a, b) => ((a.id ?? a.endpoint) < (b.id ?? b.endpoint) ? -1 : 1));
}

/** Of several that call themselves leader, the one with the latest term: the others do not know yet. */
export function leaderOf(statuses: readonly NodeStatus[]): NodeStatus | undefined {
  return statuses.filter(({ role }) => role === "leader").toSorted((a, b) => b.term - a.term)[0];
}

async function ask(client: Client, endpoint: string, id: string | undefined): Promise<NodeReport> {
  try {
    const status = await client.status(endpoint);
    return { endpoint, id: status.id, status, error: undefined };
  } catch (error) {
    const code = codeOf(error);
    // Wrong addresses are mistakes of the caller, not news about a node.
    if (code === undefined || code === "QUORATE_CONFIG_INVALID" || !(error instanceof Error)) throw error;
    return { endpoint, id, status: undefined, error: { code, message: error.message } };
  }
}

/** A node that does not answer still has a name if another one knows its address. */
function withMemberId(report: NodeReport, members: NodeStatus["members"]): NodeReport {
  const member = members.find(({ http }) => http === report.endpoint);
  return report.id === undefined && member !== undefined ? { ...report, id: member.id } : report;
}
