// Configurations that cannot work, each with the exact text that its owner reads.

import { Command } from "commander";
import { expect, test } from "vitest";
import { checkConfig } from "../../src/config/check.ts";
import { applyFlags, configOptions, type Unchecked } from "../../src/config/flags.ts";

const surroundings = { candidateHosts: () => ["192.0.2.7", "2001:db8::7"] };

function valid(): Unchecked {
  return {
    cluster: "demo",
    id: "n1",
    data: "./data/n1",
    members: {
      n1: { peer: "127.0.0.1:7101", http: "127.0.0.1:8101" },
      n2: { peer: "127.0.0.1:7102", http: "127.0.0.1:8102" },
      n3: { peer: "127.0.0.1:7103", http: "127.0.0.1:8103" },
    },
  };
}

/** The valid configuration with the value at a path replaced; undefined removes the key. */
function withValue(path: readonly string[], value: unknown): Unchecked {
  const config = valid();
  let target: Unchecked = config;
  for (const key of path.slice(0, -1)) {
    target[key] ??= {};
    target = target[key] as Unchecked; // paths in the tables lead through objects
  }
  const last = path.at(-1) ?? "";
  if (value === undefined) delete target[last];
  else target[last] = value;
  return config;
}

function check(config: unknown) {
  return checkConfig(config, "n1.json", surroundings);
}

test("a minimal configuration gets every default", () => {
  const { config, warnings } = check(valid());
  expect(config).toMatchObject({
    listen: { peer: { host: "127.0.0.1", port: 7101 }, http: { host: "127.0.0.1", port: 8101 } },
    transport: { type: "tcp" },
    storage: { type: "file", onCorruption: "halt" },
    raft: { electionTimeoutMs: [150, 300], heartbeatMs: 50, preVote: true, leaderLease: true, checkQuorum: true },
  });
  expect(config.raft).toMatchObject({ leaseReads: false, maxClockDrift: 0.1 });
  expect(config.raft).toMatchObject({ diskStallMs: 1000, readmission: "automatic" });
  expect(config).toMatchObject({ snapshots: {}, limits: {} });
  expect(warnings).toEqual([]);
});

test("the published sample, with every key, is accepted as it is", () => {
  const sample = JSON.parse(`{ "cluster": "demo", "id": "n1", "data": "./data/n1",
  "members": { "n1": { "peer": "127.0.0.1:7101", "http": "127.0.0.1:8101", "client": "127.0.0.1:8201" },
               "n2": { "peer": "127.0.0.1:7102", "http": "127.0.0.1:8102", "client": "127.0.0.1:8202" },
               "n3": { "peer": "127.0.0.1:7103", "http": "127.0.0.1:8103", "client": "127.0.0.1:8203" } },
  "listen": { "peer": "127.0.0.1:7101", "http": "127.0.0.1:8101", "client": "127.0.0.1:8201" },
  "transport": { "type": "tcp" }, "storage": { "type": "file" },
  "raft": { "electionTimeoutMs": [150, 300], "heartbeatMs": 50, "preVote": true, "leaderLease": true, "checkQuorum": true } }`);
  const { config, warnings } = check(sample);
  expect(config.listen.client).toEqual({ host: "127.0.0.1", port: 8201 });
  expect(warnings).toEqual([]);
});

test("client addresses are accepted where they are given, and listened on unless something else is said", () => {
  const config = withValue(["members", "n1", "client"], "127.0.0.1:8201");
  expect(check(config).config).toMatchObject({
    members: { n1: { client: { host: "127.0.0.1", port: 8201 } }, n2: { client: undefined } },
    listen: { client: { host: "127.0.0.1", port: 8201 } },
  });
  expect(check({ ...config, listen: { client: "127.0.0.1:0" } }).config.listen.client?.port).toBe(0);
  expect(check({ ...config, listen: { client: "0.0.0.0:8201" } }).warnings).toEqual([
    "the client port has no authentication and is reachable from other machines",
  ]);
});

test("the complete form is accepted", () => {
  const config = {
    ...valid(),
    listen: { peer: "0.0.0.0:7101", http: "[::1]:0" },
    transport: { type: "tcp", insecure: true },
    storage: { type: "sqlite", onCorruption: "rebuild" },
    raft: { electionTimeoutMs: [300, 600], heartbeatMs: 100, preVote: false, leaderLease: false, checkQuorum: false },
  };
  expect(check(config).config).toMatchObject({
    listen: { peer: { host: "0.0.0.0", port: 7101 }, http: { host: "::1", port: 0 } },
    storage: { type: "sqlite", onCorruption: "rebuild" },
    raft: { electionTimeoutMs: [300, 600], preVote: false },
  });
});

test.each([["--rebuild"], ["--storage-on-corruption", "rebuild"]])(
  "%s asks to be rebuilt if files are damaged",
  (...flags) => {
    const command = new Command();
    for (const option of configOptions()) command.addOption(option);
    const values = command.parse(flags, { from: "user" }).opts();
    expect(check(applyFlags(valid(), values)).config.storage).toEqual({ type: "file", onCorruption: "rebuild" });
  },
);

const bad: readonly { path: readonly string[]; value: unknown; text: string; hint?: string; code?: string }[] = [
  { path: ["storage", "onCorruption"], value: "ignore", text: 'n1.json: storage.onCorruption: "ignore" is unknown' },
  { path: ["cluster"], value: undefined, text: "n1.json: cluster: is missing, must be a string" },
  { path: ["members"], value: undefined, text: "n1.json: members: is missing, must be an object" },
  { path: ["cluster"], value: 7, text: "n1.json: cluster: must be a string, found 7" },
  { path: ["data"], value: null, text: "n1.json: data: must be a string, found null" },
  { path: ["members"], value: [], text: "n1.json: members: must be an object, found []" },
  { path: ["members", "n2"], value: "x", text: 'n1.json: members.n2: must be an object, found "x"' },
  { path: ["members", "n2", "http"], value: undefined, text: "n1.json: members.n2.http: is missing, must be a string" },
  { path: ["raft", "preVote"], value: "yes", text: 'n1.json: raft.preVote: must be true or false, found "yes"' },
  { path: ["raft", "heartbeatMs"], value: "50", text: 'n1.json: raft.heartbeatMs: must be a number, found "50"' },
  {
    path: ["raft", "electionTimeoutMs"],
    value: 150,
    text: "n1.json: raft.electionTimeoutMs: must be two numbers, [minimum, maximum], found 150",
  },
  {
    path: ["memebers"],
    value: {},
    text: 'n1.json: unknown key "memebers"; did you mean "members"?',
    hint: "Keys of a configuration: cluster, id, data, members, listen, transport, client, storage, raft, snapshots, limits, join, addresses.",
  },
  { path: ["zzzzzz"], value: 1, text: 'n1.json: unknown key "zzzzzz"' },
  {
    path: ["raft", "heartBeatMs"],
    value: 50,
    text: 'n1.json: raft: unknown key "heartBeatMs"; did you mean "heartbeatMs"?',
  },
  {
    path: ["members", "n2", "htp"],
    value: "127.0.0.1:1",
    text: 'n1.json: members.n2: unknown key "htp"; did you mean "http"?',
  },
  { path: ["cluster"], value: "my cluster", text: 'n1.json: cluster: "my cluster" is not a usable name' },
  { path: ["data"], value: "", text: "n1.json: data: is empty" },
  {
    path: ["id"],
    value: "n4",
    text: 'n1.json: id: "n4" is not a member; did you mean "n1"?',
    hint: 'The members are n1, n2, n3. To add this node to their running cluster, list it with its addresses too, and set "join": true.',
  },
  { path: ["id"], value: "elsewhere", text: 'n1.json: id: "elsewhere" is not a member' },
  { path: ["members"], value: {}, text: "n1.json: members: is empty" },
  {
    path: ["members", "n2", "peer"],
    value: "127.0.0.1",
    text: 'n1.json: members.n2.peer: "127.0.0.1" is not an address',
    hint: "Write addresses as HOST:PORT, IPv6 as [ADDRESS]:PORT.",
  },
  {
    path: ["members", "n2", "peer"],
    value: "127.0.0.1:70000",
    text: 'n1.json: members.n2.peer: "127.0.0.1:70000" is not an address',
  },
  {
    path: ["members", "n2", "peer"],
    value: "127.0.0.1:7101",
    text: 'n1.json: members.n2.peer: "127.0.0.1:7101" is also the address of members.n1.peer',
  },
  {
    path: ["members", "n1", "http"],
    value: "127.0.0.1:7101",
    text: 'n1.json: members.n1.http: "127.0.0.1:7101" is also the address of members.n1.peer',
  },
  {
    path: ["members", "n1", "peer"],
    value: "0.0.0.0:7101",
    text: 'n1.json: 2 mistakes\n  members.n1.peer: "0.0.0.0:7101" cannot be dialled by the other nodes\n  transport: plain TCP would send everything unprotected to n1 at 0.0.0.0:7101',
    hint: 'Advertise an address of the node itself; to listen on all interfaces, set "listen" instead. This machine\'s addresses: 192.0.2.7:7101, [2001:db8::7]:7101.\nSet "tls" in "transport" (quorate tls init makes certificates), or "insecure": true if everybody in that network may read and change your data.',
    code: "QUORATE_ADVERTISE_INVALID",
  },
  {
    path: ["members", "n1", "client"],
    value: "127.0.0.1:8101",
    text: 'n1.json: members.n1.client: "127.0.0.1:8101" is also the address of members.n1.http',
  },
  {
    path: ["members", "n1", "client"],
    value: "0.0.0.0:8201",
    text: 'n1.json: members.n1.client: "0.0.0.0:8201" cannot be dialled by the other nodes',
    code: "QUORATE_ADVERTISE_INVALID",
  },
  {
    path: ["client"],
    value: { tls: { cert: "c.pem" } },
    text: "n1.json: client.tls.key: is missing, must be a string",
  },
  {
    path: ["client"],
    value: { tls: { cert: "c.pem", key: "k.pem", passphrase: "x" } },
    text: 'n1.json: client.tls: unknown key "passphrase"',
  },
  {
    path: ["listen"],
    value: { client: "8201" },
    text: 'n1.json: listen.client: "8201" is not an address',
  },
  { path: ["listen"], value: { http: "8101" }, text: 'n1.json: listen.http: "8101" is not an address' },
  {
    path: ["members", "n3", "peer"],
    value: "10.0.0.3:7101",
    text: "n1.json: transport: plain TCP would send everything unprotected to n3 at 10.0.0.3:7101",
    hint: 'Set "tls" in "transport" (quorate tls init makes certificates), or "insecure": true if everybody in that network may read and change your data.',
  },
  {
    path: ["transport"],
    value: { type: "udp" },
    text: 'n1.json: transport.type: "udp" is unknown',
    hint: 'Available: "tcp", "nats".',
  },
  { path: ["members", "n2", "peer"], value: undefined, text: "n1.json: members.n2.peer: is missing, must be a string" },
  {
    path: ["transport"],
    value: { type: "nats" },
    text: "n1.json: transport.servers: is empty",
    hint: 'Name at least one broker, such as ["nats://127.0.0.1:4222"].',
  },
  {
    path: ["transport"],
    value: { type: "nats", servers: ["nats://n1:secret@h:4222", "n1:secret@h"] },
    text: "n1.json: transport.servers[1]: is not the address of a NATS server",
    hint: "Write brokers as nats://HOST:PORT or tls://HOST:PORT, with USER:PASSWORD@ before the host if needed.",
  },
  {
    path: ["transport"],
    value: { type: "nats", servers: ["nats://h:4222"], subjectPrefix: "raft.>" },
    text: 'n1.json: transport.subjectPrefix: "raft.>" is not the beginning of a subject',
  },
  {
    path: ["transport"],
    value: { type: "nats", servers: "nats://h:4222" },
    text: 'n1.json: transport.servers: must be an array, found "nats://h:4222"',
  },
  {
    path: ["transport"],
    value: { type: "nats", servers: ["nats://h:4222"], insecure: true },
    text: 'n1.json: transport.insecure: belongs to the transport "tcp"',
    hint: "Remove it, or change the type.",
  },
  {
    path: ["transport"],
    value: { type: "tcp", insecure: true, tls: { ca: "ca.pem", cert: "c.pem", key: "k.pem" } },
    text: "n1.json: transport.insecure: has no meaning together with transport.tls",
  },
  {
    path: ["transport"],
    value: { type: "tcp", tls: { ca: "ca.pem", cert: "c.pem" } },
    text: "n1.json: transport.tls.key: is missing, must be a string",
  },
  {
    path: ["listen"],
    value: { peer: "0.0.0.0:7101" },
    text: "n1.json: listen.peer: plain TCP would let everybody in that network speak at 0.0.0.0:7101",
  },
  {
    path: ["transport"],
    value: { type: "tcp", subjectPrefix: "raft" },
    text: 'n1.json: transport.subjectPrefix: belongs to the transport "nats"',
  },
  {
    path: ["storage"],
    value: { type: "disk" },
    text: 'n1.json: storage.type: "disk" is unknown',
    hint: 'Available: "file", "sqlite".',
  },
  {
    path: ["raft"],
    value: { heartbeatMs: 100 },
    text: "n1.json: raft: electionTimeoutMs begins at 150 ms, less than 3 heartbeats of 100 ms: one lost heartbeat could depose a healthy leader",
    hint: "Use heartbeatMs 50 or less, or electionTimeoutMs [300, 600] or more.",
    code: "QUORATE_TIMEOUTS_UNSAFE",
  },
  {
    path: ["raft"],
    value: { electionTimeoutMs: [300, 300] },
    text: "n1.json: raft.electionTimeoutMs: must be [minimum, maximum] with minimum < maximum, found [300, 300]",
  },
  {
    path: ["raft"],
    value: { heartbeatMs: 0 },
    text: "n1.json: raft.heartbeatMs: must be a whole number from 1, found 0",
  },
  {
    path: ["raft"],
    value: { leaseReads: true, leaderLease: false },
    text: "n1.json: raft.leaseReads: needs raft.leaderLease, which is false: the others could elect a new leader while this one still answers reads",
    hint: "Set raft.leaderLease to true on every node, or raft.leaseReads to false.",
  },
  { path: ["raft", "leaseReads"], value: 1, text: "n1.json: raft.leaseReads: must be true or false, found 1" },
  ...[1, -0.1, 7].map((value) => ({
    path: ["raft", "maxClockDrift"],
    value,
    text: `n1.json: raft.maxClockDrift: must be a share of elapsed time from 0 to below 1, found ${value}`,
  })),
  { path: ["raft", "maxClockDrift"], value: "10%", text: 'n1.json: raft.maxClockDrift: must be a number, found "10%"' },
  {
    path: ["raft", "leaseRead"],
    value: true,
    text: 'n1.json: raft: unknown key "leaseRead"; did you mean "leaseReads"?',
  },
];

const anyHint: unknown = expect.stringMatching(/\.$/);

test.each(bad)("$path = $value: $text", ({ path, value, text, hint = anyHint, code }) => {
  expect(() => check(withValue(path, value))).toThrow(
    expect.objectContaining({
      message: text,
      code: code ?? "QUORATE_CONFIG_INVALID",
      hint,
    }),
  );
});

test.each([0, 0.5, 0.999])("a clock drift of %d is accepted, with lease reads on", (maxClockDrift) => {
  const { config } = check(withValue(["raft"], { leaseReads: true, maxClockDrift }));
  expect(config.raft).toMatchObject({ leaseReads: true, leaderLease: true, maxClockDrift });
});

test.each([[null], [[]], ["x"], [7]])("%j is no configuration", (config) => {
  expect(() => check(config)).toThrow(/^n1\.json: (?:must be an object, found|is missing)/);
});

test("all mistakes are told at once", () => {
  const config = { ...valid(), id: "n9", data: "", storage: { type: "tape" } };
  expect(() => check(config)).toThrow(
    'n1.json: 3 mistakes\n  data: is empty\n  id: "n9" is not a member; did you mean "n1"?\n  storage.type: "tape" is unknown',
  );
});

test("an even number of nodes is accepted with a warning", () => {
  expect(check(withValue(["members", "n3"], undefined)).warnings).toEqual([
    "2 nodes tolerate 0 failures, no more than 1 nodes would: prefer an odd number",
  ]);
});

test("TLS is accepted beyond loopback, without a warning about the nodes' network", () => {
  const tls = { ca: "ca.pem", cert: "n1.pem", key: "n1-key.pem" };
  const config = withValue(["members", "n1", "peer"], "10.0.0.1:7101");
  config["listen"] = { peer: "0.0.0.0:7101" };
  config["transport"] = { type: "tcp", tls };
  const checked = check(config);
  expect(checked.config.transport).toEqual({ type: "tcp", insecure: false, tls });
  expect(checked.warnings).toEqual([]);
});

test("insecure TCP is accepted beyond loopback, with warnings", () => {
  const config = withValue(["members", "n1"], { peer: "10.0.0.1:7101", http: "10.0.0.1:8101" });
  config["transport"] = { type: "tcp", insecure: true };
  expect(check(config).warnings).toEqual([
    "plain TCP between the nodes: everybody in that network can read and change the data",
    "the HTTP API has no authentication and is reachable from other machines",
  ]);
});

test("NATS needs no peer addresses, and takes them if they are there", () => {
  const transport = { type: "nats", servers: ["nats://n1:secret@127.0.0.1:4222", "tls://b.example"] };
  const without = { ...withValue(["members", "n2", "peer"], undefined), transport };
  expect(check(without)).toMatchObject({
    config: {
      listen: { peer: { host: "127.0.0.1", port: 7101 } },
      members: { n2: { peer: undefined, http: { host: "127.0.0.1", port: 8102 } } },
      transport: { ...transport, subjectPrefix: "raft" },
    },
    warnings: [],
  });
});

test("NATS in the clear is accepted beyond loopback, with a warning", () => {
  const config = { ...valid(), transport: { type: "nats", servers: ["nats://10.0.0.9"], subjectPrefix: "prod.raft" } };
  expect(check(config)).toMatchObject({
    config: { transport: { subjectPrefix: "prod.raft" } },
    warnings: ["NATS without tls:// beyond this machine: everybody in that network can read and change the data"],
  });
});

test("a node that joins lists running members besides itself, and is not warned about their number", () => {
  const { config, warnings } = checkConfig({ ...withValue(["members", "n3"], undefined), join: true }, "n1.json");
  expect(config.join).toBe(true);
  expect(warnings).toEqual([]);
  const alone = { n1: { peer: "127.0.0.1:7101", http: "127.0.0.1:8101" } };
  expect(() => checkConfig({ ...valid(), members: alone, join: true }, "n1.json")).toThrow(
    "n1.json: join: there is nobody to join",
  );
});
