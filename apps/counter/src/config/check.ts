// What a configuration means: addresses that can work, timeouts that can work, features that exist.

import { checkAmounts, isRetained } from "./amounts.ts";
import { candidateHosts, formatHostPort, isLoopback, isWildcard, parseHostPort } from "./addresses.ts";
import { nearest } from "./nearest.ts";
import { Problems } from "./problems.ts";
import { checkShape, type RawConfig } from "./shape.ts";
import { checkTransport, transportWarnings } from "./transport.ts";
import type { CheckedConfig, Config, HostPort, Member, RaftConfig, StorageConfig } from "./types.ts";

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const nameHint = "Use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit.";
const addressHint = "Write addresses as HOST:PORT, IPv6 as [ADDRESS]:PORT.";
const defaultRaft: RaftConfig = {
  electionTimeoutMs: [150, 300],
  heartbeatMs: 50,
  preVote: true,
  leaderLease: true,
  checkQuorum: true,
  leaseReads: false,
  maxClockDrift: 0.1,
  diskStallMs: 1000,
  readmission: "automatic",
};

/** What the checks may know about the machine; the default looks at its network interfaces. */
export type Surroundings = { readonly candidateHosts: () => readonly string[] };

/**
 * Checks a configuration completely. `source` names it in messages, for example the file.
 *
 * Throws one error for all mistakes: `QUORATE_CONFIG_INVALID`, `QUORATE_ADVERTISE_INVALID` or `QUORATE_TIMEOUTS_UNSAFE`.
 */
export function checkConfig(
  raw: unknown,
  source: string,
  surroundings: Surroundings = { candidateHosts },
): CheckedConfig {
  const problems = new Problems();
  const shaped = checkShape(raw, problems);
  problems.throwIfAny(source);
  if (shaped === undefined) throw new Error("a configuration of the wrong shape was not reported");
  return checkMeaning({ raw: shaped, problems, source, surroundings });
}

type Check = {
  readonly raw: RawConfig;
  readonly problems: Problems;
  readonly source: string;
  readonly surroundings: Surroundings;
};

function checkMeaning(check: Check): CheckedConfig {
  const { raw, problems, source } = check;
  checkName("cluster", raw.cluster, problems);
  if (raw.data === "") problems.add("data", "is empty", "Name the directory of this node's files.");
  const members = checkMembers(check);
  const own = Object.hasOwn(members, raw.id) ? members[raw.id] : undefined;
  if (own === undefined && Object.keys(members).length > 0) reportForeignId(check);
  if (raw.join === true && own !== undefined && Object.keys(members).length === 1) {
    problems.add("join", "there is nobody to join", "List members of the running cluster too, not only this node.");
  }
  const listen = checkListen(check, own);
  const transport = checkTransport(raw, members, problems);
  const storage = checkStorage(check);
  const raft = checkRaft(check);
  const snapshots = checkAmounts({ path: "snapshots", given: raw.snapshots, mayBeZero: isRetained, problems });
  const limits = checkAmounts({ path: "limits", given: raw.limits, problems });
  problems.throwIfAny(source);
  return {
    config: {
      cluster: raw.cluster,
      id: raw.id,
      data: raw.data,
      members,
      listen,
      transport,
      client: { tls: raw.client?.tls },
      storage,
      raft,
      snapshots,
      limits,
      join: raw.join === true,
      addresses: checkAddresses(check),
    },
    warnings: warningsOf(raw, members, listen),
  };
}

function checkName(path: string, name: string, problems: Problems): void {
  if (!namePattern.test(name)) problems.add(path, `"${name}" is not a usable name`, nameHint);
}

function checkMembers(check: Check): Record<string, Member> {
  const { raw, problems } = check;
  const members: Record<string, Member> = {};
  const owners = new Map<string, string>();
  if (Object.keys(raw.members).length === 0) {
    problems.add("members", "is empty", "List every node of the cluster, this one included.");
  }
  for (const [id, { peer, http, client }] of Object.entries(raw.members)) {
    checkName(`members.${id}`, id, problems);
    const checked = (purpose: "peer" | "http" | "client", text: string): HostPort | undefined =>
      checkAdvertised(check, `members.${id}.${purpose}`, text, owners);
    const checkedPeer = peer === undefined ? undefined : checked("peer", peer);
    const checkedHttp = checked("http", http);
    const checkedClient = client === undefined ? undefined : checked("client", client);
    const isPeerFine = peer === undefined || checkedPeer !== undefined;
    if (isPeerFine && checkedHttp !== undefined) {
      members[id] = { peer: checkedPeer, http: checkedHttp, client: checkedClient };
    }
  }
  return members;
}

/** An address that others dial. */
function checkAdvertised(
  { problems, surroundings }: Check,
  path: string,
  text: string,
  owners: Map<string, string>,
): HostPort | undefined {
  const address = parseHostPort(text, 1);
  if (address === undefined) {
    problems.add(path, `"${text}" is not an address`, addressHint);
    return undefined;
  }
  if (isWildcard(address.host)) {
    const candidates = surroundings.candidateHosts().map((host) => formatHostPort({ host, port: address.port }));
    const known = candidates.length === 0 ? "" : ` This machine's addresses: ${candidates.join(", ")}.`;
    problems.add(
      path,
      `"${text}" cannot be dialled by the other nodes`,
      `Advertise an address of the node itself; to listen on all interfaces, set "listen" instead.${known}`,
      "QUORATE_ADVERTISE_INVALID",
    );
    return address;
  }
  const owner = owners.get(formatHostPort(address));
  if (owner === undefined) owners.set(formatHostPort(address), path);
  else problems.add(path, `"${text}" is also the address of ${owner}`, "Give every node and purpose its own address.");
  return address;
}

function checkAddresses({ raw, problems }: Check): Config["addresses"] {
  const { addresses = "log" } = raw;
  if (addresses === "log" || addresses === "file") return addresses;
  problems.add("addresses", `"${addresses}" is unknown`, 'Available: "log", and "file" after all nodes have moved.');
  return "log";
}

function reportForeignId({ raw, problems }: Check): void {
  const ids = Object.keys(raw.members);
  const meant = nearest(raw.id, ids);
  const suggestion = meant === undefined ? "" : `; did you mean "${meant}"?`;
  problems.add(
    "id",
    `"${raw.id}" is not a member${suggestion}`,
    `The members are ${ids.join(", ")}. To add this node to their running cluster, list it with its addresses too, and set "join": true.`,
  );
}

function checkListen({ raw, problems }: Check, own: Member | undefined): Config["listen"] {
  const nowhere: HostPort = { host: "127.0.0.1", port: 0 }; // only with a problem, so nobody listens there
  const { peer, http, client } = raw.listen ?? {};
  const checked = (path: string, text: string): HostPort => {
    const address = parseHostPort(text, 0);
    if (address === undefined) problems.add(path, `"${text}" is not an address`, addressHint);
    return address ?? nowhere;
  };
  return {
    peer: peer === undefined ? own?.peer : checked("listen.peer", peer),
    http: http === undefined ? (own?.http ?? nowhere) : checked("listen.http", http),
    client: client === undefined ? own?.client : checked("listen.client", client),
  };
}

function checkStorage({ raw, problems }: Check): StorageConfig {
  const { type = "file", onCorruption = "halt" } = raw.storage ?? {};
  const isKnown = type === "file" || type === "sqlite";
  if (!isKnown) problems.add("storage.type", `"${type}" is unknown`, 'Available: "file", "sqlite".');
  const isChoice = onCorruption === "halt" || onCorruption === "rebuild";
  if (!isChoice) problems.add("storage.onCorruption", `"${onCorruption}" is unknown`, 'Available: "halt", "rebuild".');
  return { type: isKnown ? type : "file", onCorruption: isChoice ? onCorruption : "halt" };
}

function checkRaft(check: Check): RaftConfig {
  const { raw, problems } = check;
  const given = Object.entries(raw.raft ?? {}).filter(([, value]) => value !== undefined);
  const raft: RaftConfig = { ...defaultRaft, ...Object.fromEntries(given), readmission: checkReadmission(check) };
  const { heartbeatMs } = raft;
  const [min, max] = raft.electionTimeoutMs;
  const hint = "Use whole milliseconds, for example electionTimeoutMs [150, 300] and heartbeatMs 50.";
  const isDuration = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 3_600_000;
  if (!isDuration(heartbeatMs))
    problems.add("raft.heartbeatMs", `must be a whole number from 1, found ${heartbeatMs}`, hint);
  if (!isDuration(raft.diskStallMs)) {
    const message = `must be a whole number from 1, found ${raft.diskStallMs}`;
    problems.add("raft.diskStallMs", message, "Use whole milliseconds, longer than an ordinary slow flush: 1000.");
  }
  if (!isDuration(min) || !isDuration(max) || min >= max) {
    problems.add(
      "raft.electionTimeoutMs",
      `must be [minimum, maximum] with minimum < maximum, found [${min}, ${max}]`,
      hint,
    );
  } else if (isDuration(heartbeatMs) && min < 3 * heartbeatMs) {
    const fasterHeartbeat = Math.floor(min / 3);
    const orFaster = fasterHeartbeat >= 1 ? `heartbeatMs ${fasterHeartbeat} or less, or ` : "";
    problems.add(
      "raft",
      `electionTimeoutMs begins at ${min} ms, less than 3 heartbeats of ${heartbeatMs} ms: one lost heartbeat could depose a healthy leader`,
      `Use ${orFaster}electionTimeoutMs [${3 * heartbeatMs}, ${6 * heartbeatMs}] or more.`,
      "QUORATE_TIMEOUTS_UNSAFE",
    );
  }
  checkLeaseReads(raft, problems);
  return raft;
}

function checkReadmission({ raw, problems }: Check): RaftConfig["readmission"] {
  const { readmission = "automatic" } = raw.raft ?? {};
  if (readmission === "automatic" || readmission === "manual") return readmission;
  problems.add("raft.readmission", `"${readmission}" is unknown`, 'Available: "automatic", "manual".');
  return "automatic";
}

/** Reads that trust a clock, and what must hold for that. Thesis 6.4.1. */
function checkLeaseReads({ leaseReads, leaderLease, maxClockDrift }: RaftConfig, problems: Problems): void {
  if (!(maxClockDrift >= 0 && maxClockDrift < 1)) {
    problems.add(
      "raft.maxClockDrift",
      `must be a share of elapsed time from 0 to below 1, found ${maxClockDrift}`,
      "Use 0.1 if clocks run apart by at most a tenth, which is the default.",
    );
  }
  if (leaseReads && !leaderLease) {
    problems.add(
      "raft.leaseReads",
      "needs raft.leaderLease, which is false: the others could elect a new leader while this one still answers reads",
      "Set raft.leaderLease to true on every node, or raft.leaseReads to false.",
    );
  }
}

function warningsOf(
  raw: RawConfig,
  members: Readonly<Record<string, Member>>,
  { http, client }: Config["listen"],
): readonly string[] {
  const warnings: string[] = [];
  const size = Object.keys(members).length;
  // Who joins does not know the size of the cluster.
  if (size % 2 === 0 && raw.join !== true) {
    const tolerated = size / 2 - 1;
    warnings.push(
      `${size} nodes tolerate ${tolerated} failure${tolerated === 1 ? "" : "s"}, no more than ${size - 1} nodes would: prefer an odd number`,
    );
  }
  warnings.push(...transportWarnings(raw));
  if (!isLoopback(http.host)) {
    warnings.push("the HTTP API has no authentication and is reachable from other machines");
  }
  if (client !== undefined && !isLoopback(client.host) && raw.client?.tls?.ca === undefined) {
    warnings.push("the client port has no authentication and is reachable from other machines");
  }
  return warnings;
}
