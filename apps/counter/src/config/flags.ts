// Every key of the configuration as a flag of `quorate start`. A flag's name is the key's path: raft.heartbeatMs is
// --raft-heartbeat-ms. Flags win over the file, key by key.

import { InvalidArgumentError, Option } from "commander";

/** A configuration as it was written, in a file or by flags: its types are not checked yet. */
export type Unchecked = { [key: string]: unknown };

type Flag = {
  readonly path: readonly string[];
  readonly flag: string;
  readonly description: string;
  readonly parse?: (text: string, previous: unknown) => unknown;
  /** The value of a flag without argument, if it is not `true`. */
  readonly preset?: string;
};

const flags: readonly Flag[] = [
  { path: ["cluster"], flag: "--cluster <name>", description: "name of the cluster" },
  { path: ["id"], flag: "--id <id>", description: "this node's id" },
  { path: ["data"], flag: "--data <directory>", description: "directory of this node's files" },
  {
    path: ["members"],
    flag: "--members <id=peer,http[,client]>",
    description: "a member, such as n1=127.0.0.1:7101,127.0.0.1:8101,127.0.0.1:8201; repeat for each",
    parse: parseMember,
  },
  {
    path: ["join"],
    flag: "--join",
    description: "wait to be added to the running cluster of the other members instead of forming one",
  },
  {
    path: ["addresses"],
    flag: "--addresses <log|file>",
    description: "whose addresses of members count; file: after all nodes have moved at once",
  },
  { path: ["listen", "peer"], flag: "--listen-peer <address>", description: "where to listen for other nodes" },
  { path: ["listen", "http"], flag: "--listen-http <address>", description: "where to listen for HTTP" },
  {
    path: ["listen", "client"],
    flag: "--listen-client <address>",
    description: "where to listen for the binary protocol",
  },
  {
    path: ["client", "tls", "cert"],
    flag: "--client-tls-cert <file>",
    description: "certificate of the client port, with the name that clients dial (PEM)",
  },
  { path: ["client", "tls", "key"], flag: "--client-tls-key <file>", description: "its private key" },
  {
    path: ["client", "tls", "ca"],
    flag: "--client-tls-ca <file>",
    description: "authorities of clients: who has no certificate of theirs is refused",
  },
  { path: ["transport", "type"], flag: "--transport, --transport-type <type>", description: "tcp or nats" },
  {
    path: ["transport", "insecure"],
    flag: "--transport-insecure",
    description: "allow plain TCP beyond loopback addresses",
  },
  {
    path: ["transport", "tls", "ca"],
    flag: "--transport-tls-ca <file>",
    description: "certificates of the authorities that sign the nodes' certificates (PEM)",
  },
  {
    path: ["transport", "tls", "cert"],
    flag: "--transport-tls-cert <file>",
    description: "this node's certificate",
  },
  { path: ["transport", "tls", "key"], flag: "--transport-tls-key <file>", description: "this node's private key" },
  {
    path: ["transport", "servers"],
    flag: "--transport-servers <url,url>",
    description: "NATS servers, such as nats://127.0.0.1:4222; passwords belong in the file",
    parse: (text) => text.split(","),
  },
  {
    path: ["transport", "subjectPrefix"],
    flag: "--transport-subject-prefix <prefix>",
    description: "first tokens of every NATS subject",
  },
  { path: ["storage", "type"], flag: "--storage, --storage-type <type>", description: "file or sqlite" },
  {
    path: ["storage", "onCorruption"],
    flag: "--storage-on-corruption <halt|rebuild>",
    description: "what to do if this node's files are damaged",
  },
  {
    path: ["storage", "onCorruption"],
    flag: "--rebuild",
    description: "if this node's files are damaged, set them aside and get everything from the other nodes",
    preset: "rebuild",
  },
  {
    path: ["raft", "electionTimeoutMs"],
    flag: "--raft-election-timeout-ms <min,max>",
    description: "bounds of the election timeout",
    parse: (text) => text.split(",").map(parseNumber),
  },
  {
    path: ["raft", "heartbeatMs"],
    flag: "--raft-heartbeat-ms <ms>",
    description: "a leader's heartbeat interval",
    parse: parseNumber,
  },
  {
    path: ["raft", "preVote"],
    flag: "--raft-pre-vote <true|false>",
    description: "ask before campaigning",
    parse: parseBoolean,
  },
  {
    path: ["raft", "leaderLease"],
    flag: "--raft-leader-lease <true|false>",
    description: "refuse votes while a leader is heard",
    parse: parseBoolean,
  },
  {
    path: ["raft", "checkQuorum"],
    flag: "--raft-check-quorum <true|false>",
    description: "step down without contact to a majority",
    parse: parseBoolean,
  },
  {
    path: ["raft", "leaseReads"],
    flag: "--raft-lease-reads <true|false>",
    description: "answer lease reads from the leader's clock; the same on every node",
    parse: parseBoolean,
  },
  {
    path: ["raft", "maxClockDrift"],
    flag: "--raft-max-clock-drift <share>",
    description: "how far clocks may run apart, 0 to below 1",
    parse: parseNumber,
  },
  {
    path: ["raft", "diskStallMs"],
    flag: "--raft-disk-stall-ms <ms>",
    description: "a node whose disk has not completed a write for this long does not lead",
    parse: parseNumber,
  },
  {
    path: ["raft", "readmission"],
    flag: "--raft-readmission <automatic|manual>",
    description: "whether a member that lost its disk is taken back by itself, or by members readmit",
  },
  amount("snapshots", "everyEntries", "take a snapshot after so many entries"),
  amount("snapshots", "everyBytes", "or after so many bytes of entries"),
  amount("snapshots", "retainEntries", "entries that stay in the log behind a snapshot"),
  amount("snapshots", "retainBytes", "or bytes of entries, if that is less"),
  amount("snapshots", "pinnedBytes", "bytes of entries that stay for a node that is being sent an older snapshot"),
  amount("limits", "maxCommandBytes", "largest command in the log"),
  amount("limits", "maxUncommittedBytes", "bytes of writes that are not committed yet"),
  amount("limits", "maxPendingReads", "reads that wait"),
  amount("limits", "maxInflightMessages", "messages to one node that it has not answered yet"),
  amount("limits", "maxInflightBytes", "bytes of entries to one node that it has not answered yet"),
  amount("limits", "maxPromotionLag", "entries that a learner may lack when it gets its vote"),
];

function amount(group: string, key: string, description: string): Flag {
  const name = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { path: [group, key], flag: `--${group}-${name} <number>`, description, parse: parseNumber };
}

/** The flags, in the order of the help text. */
export function configOptions(): readonly Option[] {
  return flags.map(({ flag, description, parse, preset }) => {
    const option = new Option(flag, description);
    if (preset !== undefined) option.preset(preset);
    return parse === undefined ? option : option.argParser(parse);
  });
}

/** `base` with the keys that flags set. `values` are commander's, by option name. */
export function applyFlags(base: Unchecked, values: Readonly<Record<string, unknown>>): Unchecked {
  const merged = structuredClone(base);
  for (const { path, flag } of flags) {
    const value = values[new Option(flag).attributeName()];
    if (value !== undefined) setPath(merged, path, value);
  }
  return merged;
}

function setPath(target: Unchecked, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const child = target[key];
  const object = typeof child === "object" && child !== null && !Array.isArray(child) ? { ...child } : {};
  target[key] = object;
  setPath(object, rest, value);
}

function parseMember(text: string, previous: unknown): unknown {
  const match = /^([^=,]+)=([^=,]+),([^=,]+)(?:,([^=,]+))?$/.exec(text);
  if (match === null) {
    throw new InvalidArgumentError(
      "Write it as ID=PEER,HTTP or ID=PEER,HTTP,CLIENT: n1=127.0.0.1:7101,127.0.0.1:8101.",
    );
  }
  const [, id = "", peer, http, client] = match;
  const members = typeof previous === "object" && previous !== null ? previous : {};
  return { ...members, [id]: { peer, http, ...(client !== undefined && { client }) } };
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) throw new InvalidArgumentError("It must be a number.");
  return value;
}

function parseBoolean(text: string): boolean {
  if (text === "true") return true;
  if (text === "false") return false;
  throw new InvalidArgumentError("It must be true or false.");
}
