// quorate members: what it prints, what it asks the leader for, and the exit code that a script acts on.

import { QuorateError } from "@quorate/contracts";
import { expect, test } from "vitest";
import { noLeader, notLeader, timedOut } from "../http/errors.ts";
import { FakeService } from "../http/fake-node.ts";
import { MemoryCluster } from "../support/memory-cluster.ts";
import { oneNode, run } from "./run.ts";

test("list prints every member with its role, addresses and distance", async () => {
  const { service, nodes } = oneNode();
  service.status = {
    lastIndex: 5,
    commitIndex: 5,
    durableIndex: 5,
    configuration: { voters: ["n1", "n2"], learners: ["n3"], records: [{ id: "n3", promotes: true }] },
    peers: service.leaderStatus().peers.map((peer) => (peer.id === "n2" ? { ...peer, stranger: "new" } : peer)),
  };
  expect(await run(["members", "list"], nodes)).toEqual({
    exitCode: 0,
    stderr: "",
    stdout: [
      "NODE  ROLE                      PEER            HTTP            MATCH  LAG  BEHIND  LAST CONTACT  STORE",
      "n1    voter                     127.0.0.1:7101  127.0.0.1:8101  5      0    0 ms    0 ms          ok",
      "n2    voter                     127.0.0.1:7102  127.0.0.1:8102  1      4    70 ms   12 ms         replaced, waits for readmission",
      "n3    learner (to be promoted)  127.0.0.1:7103  127.0.0.1:8103  1      4    70 ms   480 ms        ok",
      "2 voters and 1 learner, configuration at index 0",
      "",
    ].join("\n"),
  });
});

test("list -o json has a version and the answer as it is", async () => {
  const listed = await run(["members", "list", "-o", "json"], oneNode().nodes);
  expect(JSON.parse(listed.stdout)).toMatchObject({ schemaVersion: 1, cluster: "demo", configurationIndex: 0 });
});

test("list goes to the leader, and with --stale stays where it is", async () => {
  const follower = new FakeService({ id: "n2" });
  follower.failure = notLeader;
  follower.status = { role: "follower", leaderId: "n3", peers: [] };
  const nodes = { "127.0.0.1:8102": follower, "127.0.0.1:8103": new FakeService({ id: "n3" }) };
  const argv = ["members", "list", "--endpoints", "127.0.0.1:8102"];
  expect((await run(argv, nodes)).stdout).toContain("480 ms");
  const stale = await run([...argv, "--stale"], { "127.0.0.1:8102": follower });
  expect(stale).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining("480 ms") });
});

test.each([
  {
    argv: ["add", "n4", "--peer", "h:1", "--http", "h:2", "--client", "h:3"],
    type: "addLearner",
    more: { promotes: true },
  },
  { argv: ["add", "n4", "--peer", "h:1", "--http", "h:2", "--learner"], type: "addLearner", more: { promotes: false } },
  { argv: ["demote", "n2"], type: "demote", more: { id: "n2" } },
  { argv: ["remove", "n2", "--if-match", "17"], type: "remove", more: { id: "n2" } },
  { argv: ["move", "n2", "--http", "h:2"], type: "move", more: { id: "n2" } },
  { argv: ["prioritize", "n2", "5"], type: "prioritize", more: { id: "n2", priority: 5 } },
])("$argv asks the leader for $type", async ({ argv, type, more }) => {
  const { service, nodes } = oneNode();
  expect(await run(["members", ...argv], nodes)).toMatchObject({ exitCode: 0, stderr: "" });
  expect(service.changes).toHaveLength(1);
  expect(service.changes[0]?.changes).toEqual([expect.objectContaining({ type, ...more })]);
  expect(service.changes[0]?.options).toEqual(argv.includes("--if-match") ? { expectedIndex: 17 } : {});
});

test("change asks for several changes in one step, and for at least one", async () => {
  const { service, nodes } = oneNode();
  const argv = ["members", "change", "--promote", "n4,n5", "--demote", "n2", "--remove", "n1,n3", "--force"];
  expect(await run([...argv, "--if-match", "17"], nodes)).toMatchObject({ exitCode: 0, stderr: "" });
  const changes = [
    { type: "promote", id: "n4" },
    { type: "promote", id: "n5" },
    { type: "demote", id: "n2" },
    { type: "remove", id: "n1" },
    { type: "remove", id: "n3" },
  ];
  expect(service.changes).toEqual([{ changes, options: { expectedIndex: 17, force: true } }]);
  expect(await run(["members", "change"], nodes)).toMatchObject({ exitCode: 2, stdout: "" });
});

test.each([
  { failure: refused("wouldLoseQuorum", "QUORATE_WOULD_LOSE_QUORUM"), exitCode: 1, says: "look again" },
  { failure: refused("configurationChanged"), exitCode: 5, says: "List the members again" },
  { failure: refused("changeInProgress", "QUORATE_CHANGE_IN_PROGRESS", true), exitCode: 1, says: "CHANGE_IN_PROGRESS" },
  { failure: noLeader, exitCode: 3, says: "QUORATE_NO_LEADER" },
  { failure: timedOut, exitCode: 4, says: "List the members before you ask again" },
])("a removal that fails with $failure.code ends with $exitCode", async ({ failure, exitCode, says }) => {
  const { service, nodes } = oneNode();
  service.failure = failure;
  const ended = await run(["members", "remove", "n2", "--timeout-ms", "50"], nodes);
  expect(ended).toMatchObject({ exitCode, stdout: "" });
  expect(ended.stderr).toContain(says);
});

function refused(reason: string, code = "QUORATE_CHANGE_REFUSED", retryable = false): QuorateError {
  return new QuorateError({ code, message: `refused: ${reason}`, hint: "look again", retryable, details: { reason } });
}

test("a change that was sent and not answered ends with 4, and is not sent again", async () => {
  let sent = 0;
  const fetch = (): Promise<Response> => {
    sent += 1;
    return Promise.reject(Object.assign(new TypeError("fetch failed"), { code: "ECONNRESET" }));
  };
  const ended = await run(["members", "remove", "n2", "--endpoints", "127.0.0.1:8101"], {}, { fetch });
  expect(ended).toMatchObject({ exitCode: 4, stdout: "" });
  expect(sent).toBe(1);
});

test.each([
  [["members", "add", "n4"]],
  [["members", "remove"]],
  [["members", "remove", "n2", "--if-match", "x"]],
  [["members", "prioritize", "n2", "101"]],
  [["members", "lst"]],
  [["members", "list", "--endpoints", "tcp://127.0.0.1:8201"]],
])("%j is a usage error", async (argv) => {
  expect(await run(argv, oneNode().nodes)).toMatchObject({ exitCode: 2, stdout: "" });
});

test("nobody there ends with 6", async () => {
  const argv = ["members", "list", "--endpoints", "127.0.0.1:8101", "--timeout-ms", "50"];
  expect(await run(argv, {})).toMatchObject({ exitCode: 6, stdout: "" });
});

test("replace adds a real node, waits for its vote and removes the old one", { timeout: 20_000 }, async () => {
  await using cluster = await MemoryCluster.start(3);
  await cluster.startNewNode("n4");
  const old = await cluster.leader();
  const real = overrides(cluster);
  const replaced = await run(["members", "replace", old, "n4", "--http", "http://n4.test"], {}, real);
  expect(replaced).toMatchObject({
    exitCode: 0,
    stderr: `n4 is added and catches up\nn4 has a vote; removing ${old}\n`,
  });
  const listed = JSON.parse((await run(["members", "list", "-o", "json"], {}, real)).stdout);
  const ids = cluster.ids.filter((id) => id !== old);
  expect(listed.members.map(({ id }: { readonly id: string }) => id)).toEqual(ids);
  const status = await run(["status"], {}, real);
  expect(status.stdout).toMatch(new RegExp(`${old} .*no member`));
  expect(status.stderr).toContain(`${old}: ${old} was removed from the cluster`);
});

test("replace needs no force to replace one of two nodes that are left of three", { timeout: 20_000 }, async () => {
  await using cluster = await MemoryCluster.start(3);
  const leader = await cluster.leader();
  const [old = "", down = ""] = cluster.ids.filter((id) => id !== leader);
  await cluster.stopNode(down);
  await cluster.startNewNode("n4");
  const argv = ["members", "replace", old, "n4", "--http", "http://n4.test"];
  expect(await run(argv, {}, overrides(cluster))).toMatchObject({ exitCode: 0 });
});

test("replace that is refused at its last step says what it has done, and ends when it is started again", async () => {
  const { service, nodes } = oneNode();
  service.status = { configuration: { voters: ["n1", "n2", "n4"], learners: [] } };
  const argv = ["members", "replace", "n2", "n4", "--http", "h:2"];
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    service.failure = init.method === "DELETE" ? refused("wouldLoseQuorum", "QUORATE_WOULD_LOSE_QUORUM") : undefined;
    return Promise.resolve(service.handle(new Request(url, init)));
  };
  const ended = await run(argv, nodes, { fetch });
  expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
  expect(ended.stderr).toMatch(
    /^n4 is added and catches up\nn4 has a vote; removing n2\nerror: QUORATE_WOULD_LOSE_QUORUM/,
  );
  service.failure = undefined;
  expect(await run(argv, nodes)).toMatchObject({ exitCode: 0 });
  const removal = { changes: [{ type: "remove", id: "n2" }], options: {} };
  expect(service.changes).toEqual([removal, removal]);
});

/** Runs commands against the nodes of a cluster. */
function overrides(cluster: MemoryCluster) {
  return {
    env: { QUORATE_ENDPOINTS: cluster.ids.map((id) => `http://${id}.test`).join(",") },
    fetch: (url: string, init: RequestInit) => cluster.fetch(url, init),
  };
}
