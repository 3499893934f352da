// Files and flags: flags win, and a broken file is described by line and column.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, expect, test } from "vitest";
import { configOptions } from "../../src/config/flags.ts";
import { loadConfig } from "../../src/config/load.ts";

const directory = mkdtempSync(join(tmpdir(), "quorate-config-"));
afterAll(() => rmSync(directory, { recursive: true }));

function fileWith(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function flags(...argv: readonly string[]): Readonly<Record<string, unknown>> {
  const command = new Command().exitOverride();
  for (const option of configOptions()) command.addOption(option);
  return command.parse([...argv], { from: "user" }).opts();
}

const minimal = {
  cluster: "demo",
  id: "n1",
  data: "d",
  members: { n1: { peer: "127.0.0.1:7101", http: "127.0.0.1:8101" } },
};

test("a file alone is enough", () => {
  const file = fileWith("minimal.json", JSON.stringify(minimal));
  expect(loadConfig(file, {}).config).toMatchObject({ cluster: "demo", id: "n1" });
});

test("a byte order mark at the beginning of the file does no harm", () => {
  const file = fileWith("bom.json", `\uFEFF${JSON.stringify(minimal)}`);
  expect(loadConfig(file, {}).config.cluster).toBe("demo");
});

test("every key can be a flag, and no file is needed", () => {
  const line = [
    "--cluster demo --id n2 --data ./d",
    "--members n1=10.0.0.1:7101,10.0.0.1:8101 --members n2=10.0.0.2:7101,10.0.0.2:8101,10.0.0.2:8201",
    "--listen-peer 0.0.0.0:7101 --listen-http 127.0.0.1:8101 --listen-client 127.0.0.1:8201",
    "--client-tls-cert c.pem --client-tls-key k.pem --client-tls-ca a.pem",
    "--transport-type tcp --transport-insecure --storage sqlite",
    "--raft-election-timeout-ms 300,900 --raft-heartbeat-ms 60",
    "--raft-pre-vote false --raft-leader-lease false --raft-check-quorum false",
    "--raft-lease-reads false --raft-max-clock-drift 0.25 --raft-disk-stall-ms 700 --raft-readmission manual",
    "--snapshots-every-entries 1 --snapshots-every-bytes 2 --snapshots-retain-entries 0 --snapshots-retain-bytes 4",
    "--snapshots-pinned-bytes 5 --limits-max-command-bytes 6 --limits-max-uncommitted-bytes 7 --limits-max-pending-reads 8",
    "--limits-max-inflight-messages 9 --limits-max-inflight-bytes 10 --limits-max-promotion-lag 11",
    "--join --addresses file",
  ].join(" ");
  const given = flags(...line.split(" "));
  expect(loadConfig(undefined, given).config).toEqual({
    cluster: "demo",
    id: "n2",
    data: "./d",
    members: {
      n1: { peer: { host: "10.0.0.1", port: 7101 }, http: { host: "10.0.0.1", port: 8101 }, client: undefined },
      n2: {
        peer: { host: "10.0.0.2", port: 7101 },
        http: { host: "10.0.0.2", port: 8101 },
        client: { host: "10.0.0.2", port: 8201 },
      },
    },
    listen: {
      peer: { host: "0.0.0.0", port: 7101 },
      http: { host: "127.0.0.1", port: 8101 },
      client: { host: "127.0.0.1", port: 8201 },
    },
    client: { tls: { cert: "c.pem", key: "k.pem", ca: "a.pem" } },
    transport: { type: "tcp", insecure: true, tls: undefined },
    storage: { type: "sqlite", onCorruption: "halt" },
    raft: {
      electionTimeoutMs: [300, 900],
      heartbeatMs: 60,
      preVote: false,
      leaderLease: false,
      checkQuorum: false,
      leaseReads: false,
      maxClockDrift: 0.25,
      diskStallMs: 700,
      readmission: "manual",
    },
    snapshots: { everyEntries: 1, everyBytes: 2, retainEntries: 0, retainBytes: 4, pinnedBytes: 5 },
    limits: {
      maxCommandBytes: 6,
      maxUncommittedBytes: 7,
      maxPendingReads: 8,
      maxInflightMessages: 9,
      maxInflightBytes: 10,
      maxPromotionLag: 11,
    },
    join: true,
    addresses: "file",
  });
});

test("the brokers of a cluster can be flags", () => {
  const file = fileWith("nats.json", JSON.stringify(minimal));
  const servers = "nats://127.0.0.1:1,nats://127.0.0.1:2";
  const line = `--transport-type nats --transport-servers ${servers} --transport-subject-prefix raft.test`;
  const given = flags(...line.split(" "));
  expect(loadConfig(file, given).config.transport).toEqual({
    type: "nats",
    servers: ["nats://127.0.0.1:1", "nats://127.0.0.1:2"],
    subjectPrefix: "raft.test",
  });
});

test.each(["--transport", "--transport-type"])("the transport is chosen with %s", (flag) => {
  const file = fileWith("nats.json", JSON.stringify({ ...minimal, transport: { servers: ["nats://127.0.0.1:1"] } }));
  expect(loadConfig(file, flags(flag, "nats")).config.transport).toMatchObject({ type: "nats" });
});

test("a flag wins over the file and leaves the keys beside it alone", () => {
  const file = fileWith("raft.json", JSON.stringify({ ...minimal, raft: { heartbeatMs: 40, preVote: false } }));
  const { raft } = loadConfig(file, flags("--raft-heartbeat-ms", "20")).config;
  expect(raft).toMatchObject({ heartbeatMs: 20, preVote: false });
});

test("lease reads can be switched on by a flag, and their condition covers file and flags together", () => {
  const file = fileWith("lease.json", JSON.stringify({ ...minimal, raft: { leaderLease: false } }));
  const on = ["--raft-lease-reads", "true"];
  expect(loadConfig(file, flags(...on, "--raft-leader-lease", "true")).config.raft).toMatchObject({ leaseReads: true });
  expect(() => loadConfig(file, flags(...on))).toThrow(/raft\.leaseReads: needs raft\.leaderLease, which is false/);
});

test("a flag's mistake is described like a file's", () => {
  const file = fileWith("flag.json", JSON.stringify(minimal));
  expect(() => loadConfig(file, flags("--raft-heartbeat-ms", "99"))).toThrow(
    expect.objectContaining({ code: "QUORATE_TIMEOUTS_UNSAFE" }),
  );
});

test.each([
  { text: '{\n  "cluster": "demo",\n}', place: 'unexpected "}" at line 3 column 1' },
  { text: "{ cluster: 1 }", place: 'unexpected "c" at line 1 column 3' },
  { text: '{"a": 1', place: "the text ends too early at line 1 column 8" },
  { text: "", place: "the text ends too early at line 1 column 1" },
])("$text is described by its place", ({ text, place }) => {
  const file = fileWith("broken.json", text);
  expect(() => loadConfig(file, {})).toThrow(`${file}: not JSON: ${place}`);
});

test("a missing file is named", () => {
  const file = join(directory, "missing.json");
  expect(() => loadConfig(file, {})).toThrow(`${file}: there is no such file`);
});

test("a file that holds something else than an object is refused", () => {
  const file = fileWith("list.json", "[]");
  expect(() => loadConfig(file, {})).toThrow(`${file}: must be a JSON object`);
});
