// What the command line prints and how it ends: data on stdout, talk on stderr, an exit code for scripts.

import { QuorateError } from "@quorate/contracts";
import { expect, test } from "vitest";
import { noLeader, timedOut } from "../http/errors.ts";
import { FakeService } from "../http/fake-node.ts";
import { oneNode, run } from "./run.ts";

test("counter add prints the new value, counter get reads it", async () => {
  const { nodes } = oneNode();
  expect(await run(["counter", "add", "hits", "5"], nodes)).toEqual({ exitCode: 0, stdout: "5\n", stderr: "" });
  expect(await run(["counter", "add", "hits"], nodes)).toMatchObject({ stdout: "6\n" });
  expect(await run(["counter", "add", "hits", "-10"], nodes)).toMatchObject({ exitCode: 0, stdout: "-4\n" });
  expect(await run(["counter", "get", "hits"], nodes)).toEqual({ exitCode: 0, stdout: "-4\n", stderr: "" });
});

test("-o json prints the whole answer, wherever it stands", async () => {
  const { nodes } = oneNode();
  const added = await run(["counter", "add", "hits", "-o", "json"], nodes);
  expect(JSON.parse(added.stdout)).toMatchObject({ name: "hits", value: 1, index: 2, term: 2, replayed: false });
  const got = await run(["-o", "json", "counter", "get", "hits"], nodes);
  expect(JSON.parse(got.stdout)).toMatchObject({ name: "hits", value: 1, consistency: "linearizable" });
});

test("registers are set, read, compared and deleted", async () => {
  const { nodes } = oneNode();
  expect(await run(["register", "set", "r", '{"a":1}'], nodes)).toMatchObject({ exitCode: 0, stdout: '{"a":1}\n' });
  expect(await run(["register", "get", "r"], nodes)).toMatchObject({ exitCode: 0, stdout: '{"a":1}\n' });
  expect(await run(["register", "cas", "r", '{"a":1}', "2"], nodes)).toMatchObject({ exitCode: 0, stdout: "2\n" });
  expect(await run(["register", "delete", "r"], nodes)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(await run(["register", "get", "r"], nodes)).toMatchObject({ exitCode: 1, stdout: "" });
});

test("a value that is no JSON is a string, and --string makes a string of everything", async () => {
  const { nodes } = oneNode();
  expect(await run(["register", "set", "r", "plain text"], nodes)).toMatchObject({ stdout: '"plain text"\n' });
  expect(await run(["register", "set", "r", "42"], nodes)).toMatchObject({ stdout: "42\n" });
  expect(await run(["register", "set", "r", "42", "--string"], nodes)).toMatchObject({ stdout: '"42"\n' });
});

test("cas --if-absent creates and does not overwrite", async () => {
  const { nodes } = oneNode();
  expect(await run(["register", "cas", "--if-absent", "r", "1"], nodes)).toMatchObject({ exitCode: 0 });
  expect(await run(["register", "cas", "--if-absent", "r", "2"], nodes)).toMatchObject({ exitCode: 5 });
});

test("a condition that does not hold ends with 5", async () => {
  const { nodes } = oneNode();
  await run(["register", "set", "r", "1"], nodes);
  const cas = await run(["register", "cas", "r", "7", "8"], nodes);
  expect(cas).toMatchObject({ exitCode: 5, stdout: "" });
  expect(cas.stderr).toContain("QUORATE_PRECONDITION");
  expect(await run(["register", "set", "r", "2", "--if-absent"], nodes)).toMatchObject({ exitCode: 5 });
  expect(await run(["register", "set", "r", "2", "--if-match", "9"], nodes)).toMatchObject({ exitCode: 5 });
  expect(await run(["register", "delete", "r", "--if-match", "9"], nodes)).toMatchObject({ exitCode: 5 });
  expect(await run(["register", "delete", "r", "--if-match", "2"], nodes)).toMatchObject({ exitCode: 0 });
});

test("the same idempotency key counts once", async () => {
  const { nodes } = oneNode();
  const add = ["counter", "add", "hits", "--idempotency-key", "k", "-o", "json"];
  await run(add, nodes);
  expect(JSON.parse((await run(add, nodes)).stdout)).toMatchObject({ value: 1, replayed: true });
});

test("what does not exist ends with 1 and a hint", async () => {
  const { nodes } = oneNode();
  const missing = await run(["counter", "get", "none"], nodes);
  expect(missing).toMatchObject({ exitCode: 1, stdout: "" });
  expect(missing.stderr).toBe(
    "error: QUORATE_NOT_FOUND: There is no such counter.\n  Check the name; a counter exists after its first increment.\n",
  );
});

test("reads may ask for an index, at any level, and for the node that is asked to answer", async () => {
  const { service, nodes } = oneNode();
  const { stdout } = await run(["counter", "add", "hits", "5", "-o", "json"], nodes);
  const { index } = JSON.parse(stdout);
  const own = ["--consistency", "stale", "--min-index", String(index)];
  expect(await run(["counter", "get", "hits", ...own], nodes)).toMatchObject({ exitCode: 0, stdout: "5\n" });
  expect(service.lastQuery).toMatchObject({ consistency: "stale", minIndex: index });
  await run(["register", "set", "r", "1"], nodes);
  expect(await run(["register", "get", "r", "--forward"], nodes)).toMatchObject({ exitCode: 0, stdout: "1\n" });
  expect(service.lastQuery).toMatchObject({ consistency: "linearizable", forward: true });
});

test("an index that no node reaches ends with 1, both indexes and a hint", async () => {
  const { nodes } = oneNode();
  await run(["counter", "add", "hits"], nodes);
  const ended = await run(["counter", "get", "hits", "--min-index", "99", "--timeout-ms", "40"], nodes);
  expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
  expect(ended.stderr).toContain("error: QUORATE_INDEX_NOT_REACHED");
});

test("forwarding a stale read and an index that is none are usage errors", async () => {
  const { nodes } = oneNode();
  const forwarded = await run(["counter", "get", "hits", "--forward", "--consistency", "stale"], nodes);
  expect(forwarded).toMatchObject({ exitCode: 2, stdout: "" });
  expect(forwarded.stderr).toContain("--forward is not for stale reads");
  expect(await run(["register", "get", "r", "--min-index", "x"], nodes)).toMatchObject({ exitCode: 2 });
});

test("snapshot take asks every node, and ends with what the first one that cannot says", async () => {
  const snapshot = { index: 8, term: 2, configuration: { voters: ["n1"], learners: [] }, sizeBytes: 6, checksum: 9 };
  const [first, second] = [new FakeService({ id: "n1" }), new FakeService({ id: "n2" })];
  first.snapshot = { snapshot, chunks: async function* () {} };
  const nodes = { "127.0.0.1:8101": first, "127.0.0.1:8102": second };
  const text = "n1: the state after entry 8, 6 bytes; its log begins at entry 1\n";
  const failed = await run(["snapshot", "take"], nodes);
  expect(failed).toMatchObject({ exitCode: 1, stdout: text });
  expect(failed.stderr).toContain("QUORATE_NOT_FOUND: n2 has no snapshot.");
  second.snapshot = first.snapshot;
  const { stdout } = await run(["snapshot", "take", "-o", "json"], nodes);
  const lines = stdout.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { schemaVersion: 1, node: "n1", index: 8 },
    { schemaVersion: 1, node: "n2", index: 8 },
  ]);
  expect(await run(["snapshot", "take", "--endpoints", "127.0.0.1:1"], nodes)).toMatchObject({ exitCode: 6 });
});

test("without a leader it ends with 3", async () => {
  const { service, nodes } = oneNode();
  service.failure = noLeader;
  service.status = { leaderId: undefined, role: "follower" };
  const ended = await run(["counter", "add", "hits", "--timeout-ms", "50"], nodes);
  expect(ended).toMatchObject({ exitCode: 3, stdout: "" });
  expect(ended.stderr).toContain("QUORATE_NO_LEADER");
});

test("an unknown outcome ends with 4 and names the key to retry with", async () => {
  const { service, nodes } = oneNode();
  service.failure = timedOut;
  const ended = await run(["counter", "add", "hits", "--timeout-ms", "50", "--idempotency-key", "k7"], nodes);
  expect(ended.exitCode).toBe(4);
  expect(ended.stderr).toContain("k7");
});

test("nodes that cannot be reached end with 6", async () => {
  const argv = ["counter", "get", "hits", "--endpoints", "http://127.0.0.1:9", "--timeout-ms", "50"];
  const ended = await run(argv, {});
  expect(ended).toMatchObject({ exitCode: 6, stdout: "" });
  expect(ended.stderr).toContain("QUORATE_UNREACHABLE");
});

test("-o json prints failures as data too", async () => {
  const { nodes } = oneNode();
  const missing = await run(["counter", "get", "none", "-o", "json"], nodes);
  expect(JSON.parse(missing.stdout)).toMatchObject({ error: { code: "QUORATE_NOT_FOUND", outcome: "none" } });
  expect(missing.exitCode).toBe(1);
});

test("stale reads pass their bound on, and the bound is for stale reads only", async () => {
  const { service, nodes } = oneNode();
  await run(["counter", "add", "hits"], nodes);
  service.status = { role: "follower", leaderHeardMsAgo: 30, stateAgeMs: 30, leaderId: "n3" };
  const get = ["counter", "get", "hits", "--consistency", "stale", "--max-age-ms"];
  expect(await run([...get, "30"], nodes)).toMatchObject({ exitCode: 0, stdout: "1\n" });
  expect(await run([...get, "29", "--timeout-ms", "50"], nodes)).toMatchObject({ exitCode: 1 });
  expect(await run(["counter", "get", "hits", "--max-age-ms", "5"], nodes)).toMatchObject({ exitCode: 2 });
});

test.each([
  { argv: ["countr"], says: "Did you mean counter?" },
  { argv: ["counter", "ad", "x"], says: "Did you mean add?" },
  { argv: ["counter", "get", "x", "--endpoint", "y"], says: "Did you mean --endpoints?" },
  { argv: ["counter", "get"], says: "missing required argument 'name'" },
  { argv: ["counter", "add", "x", "1.5"], says: "must be an integer" },
  { argv: ["counter", "add", "x", "ten"], says: "must be an integer" },
  { argv: ["counter", "get", "x", "-o", "yaml"], says: "Allowed choices are text, json" },
  { argv: ["counter", "get", "x", "--consistency", "eventual"], says: "Allowed choices are linearizable" },
  { argv: ["counter", "get", "x", "--timeout-ms", "0"], says: "whole number of milliseconds" },
  { argv: ["register", "cas", "r", "1"], says: "missing VALUE" },
  { argv: ["register", "set", "r", "1", "--if-match", "1", "--if-absent"], says: "exclude each other" },
  { argv: ["start", "--confg", "x"], says: "Did you mean --config?" },
])("$argv is a usage error: $says", async ({ argv, says }) => {
  const { nodes } = oneNode();
  const ended = await run(argv, nodes);
  expect(ended).toMatchObject({ exitCode: 2, stdout: "" });
  expect(ended.stderr).toContain(says);
});

test.each([
  { endpoints: "", says: "no endpoints" },
  { endpoints: "ftp://127.0.0.1:1", says: "is neither an HTTP address nor that of a client port" },
])("the endpoints $endpoints are a usage error: $says", async ({ endpoints, says }) => {
  const ended = await run(["status"], {}, { env: { QUORATE_ENDPOINTS: endpoints } });
  expect(ended).toMatchObject({ exitCode: 2, stdout: "" });
  expect(ended.stderr).toContain(says);
});

test("an invalid name is a usage error and nothing is sent", async () => {
  const { service, nodes } = oneNode();
  expect(await run(["counter", "add", ".."], nodes)).toMatchObject({ exitCode: 2 });
  expect(service.proposals).toBe(0);
});

test("help and version go to stdout and end with 0", async () => {
  expect(await run(["--version"], {})).toEqual({ exitCode: 0, stdout: "9.9.9\n", stderr: "" });
  const help = await run(["--help"], {});
  expect(help).toMatchObject({ exitCode: 0, stderr: "" });
  expect(help.stdout).toMatch(/start .*\n.*status .*\n.*leader .*\n.*members .*\n.*counter .*\n.*register /);
});

test("start passes file and flags on and returns the node's exit code", async () => {
  const seen: unknown[] = [];
  const startNode = async (file: string | undefined, flags: Readonly<Record<string, unknown>>) => {
    seen.push(file, flags["id"], flags["raftHeartbeatMs"]);
    return 1;
  };
  const argv = ["start", "--config", "n1.json", "--id", "n2", "--raft-heartbeat-ms", "20"];
  expect(await run(argv, {}, { startNode })).toEqual({ exitCode: 1, stdout: "", stderr: "" });
  expect(seen).toEqual(["n1.json", "n2", 20]);
});

test.each([
  { code: "QUORATE_CONFIG_INVALID", exitCode: 2 },
  { code: "QUORATE_TIMEOUTS_UNSAFE", exitCode: 2 },
  { code: "QUORATE_ADVERTISE_INVALID", exitCode: 2 },
  { code: "QUORATE_ADDRESS_IN_USE", exitCode: 1 },
  { code: "QUORATE_DATA_LOCKED", exitCode: 1 },
  { code: "QUORATE_CLUSTER_MISMATCH", exitCode: 1 },
  { code: "QUORATE_MEMBERS_MISMATCH", exitCode: 1 },
  { code: "QUORATE_NEVER_HEARD_OF", exitCode: 1 },
])("a start that fails with $code ends with $exitCode, its text and its hint", async ({ code, exitCode }) => {
  const startNode = () => Promise.reject(new QuorateError({ code, message: "It did not work.", hint: "Do this." }));
  expect(await run(["start"], {}, { startNode })).toEqual({
    exitCode,
    stdout: "",
    stderr: `error: ${code}: It did not work.\n  Do this.\n`,
  });
});
