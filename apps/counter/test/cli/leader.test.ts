// quorate leader: who leads, and handing leadership over.

import { expect, test } from "vitest";
import { noLeader, notLeader, timedOut, transferAborted, transferRefused } from "../http/errors.ts";
import { FakeService } from "../http/fake-node.ts";
import { MemoryCluster } from "../support/memory-cluster.ts";
import { oneNode, run } from "./run.ts";

function follower(id: string, term: number, leaderId: string | undefined): FakeService {
  const service = new FakeService({ id });
  service.failure = leaderId === undefined ? noLeader : notLeader;
  service.status = { role: "follower", term, leaderId, peers: [] };
  return service;
}

test("show prints the leader, its term and its address", async () => {
  const { nodes } = oneNode();
  const stdout = "n1 leads in term 2 at http://127.0.0.1:8101\n";
  expect(await run(["leader", "show"], nodes)).toEqual({ exitCode: 0, stdout, stderr: "" });
});

test("show -o json has a version, and says which endpoint it has this from", async () => {
  const shown = await run(["leader", "show", "-o", "json"], oneNode().nodes);
  expect(JSON.parse(shown.stdout)).toEqual({
    schemaVersion: 1,
    leader: { id: "n1", http: "http://127.0.0.1:8101" },
    term: 2,
    endpoint: "http://127.0.0.1:8101",
    confirmed: true,
  });
});

test("show finds the leader through any member", async () => {
  const nodes = { ...oneNode().nodes, "127.0.0.1:8102": follower("n2", 2, "n1") };
  const shown = await run(["leader", "show", "--endpoints", "127.0.0.1:8102"], nodes);
  expect(shown).toEqual({ exitCode: 0, stdout: "n1 leads in term 2 at http://127.0.0.1:8101\n", stderr: "" });
});

test("a leader that nobody but a follower speaks of is shown with that reservation", async () => {
  const shown = await run(["leader", "show"], { "127.0.0.1:8102": follower("n2", 5, "n3") });
  expect(shown).toEqual({
    exitCode: 0,
    stdout: "n3 leads in term 5 at http://127.0.0.1:8103\n",
    stderr: "http://127.0.0.1:8102 says so; the leader itself has not confirmed it\n",
  });
});

test("a leader of an earlier term, which has not noticed yet, is not believed", async () => {
  const nodes = { ...oneNode().nodes, "127.0.0.1:8102": follower("n2", 3, "n3") };
  expect((await run(["leader", "show"], nodes)).stdout).toBe("n3 leads in term 3 at http://127.0.0.1:8103\n");
});

test("show without a leader ends with 3 and tells what each node is", async () => {
  const shown = await run(["leader", "show"], { "127.0.0.1:8102": follower("n2", 9, undefined) });
  expect(shown).toMatchObject({ exitCode: 3, stdout: "" });
  expect(shown.stderr).toMatch(
    /^error: QUORATE_NO_LEADER: No node knows a leader\. n1: .*; n2: follower in term 9; n3: /,
  );
});

test("show without any answer ends with 6", async () => {
  const shown = await run(["leader", "show", "--endpoints", "127.0.0.1:8101"], {});
  expect(shown).toMatchObject({ exitCode: 6, stdout: "" });
  expect(shown.stderr).toContain("error: QUORATE_UNREACHABLE: No node answers. http://127.0.0.1:8101: ");
});

test("transfer hands over to the named node and prints who leads then", async () => {
  const { service, nodes } = oneNode();
  const stdout = "n3 leads in term 3 at http://127.0.0.1:8103\n";
  expect(await run(["leader", "transfer", "n3"], nodes)).toEqual({ exitCode: 0, stdout, stderr: "" });
  expect(service.transfers).toEqual(["n3"]);
});

test("transfer without a name leaves the choice to the leader; -o json has a version", async () => {
  const { service, nodes } = oneNode();
  const moved = await run(["leader", "transfer", "-o", "json"], nodes);
  expect(JSON.parse(moved.stdout)).toEqual({
    schemaVersion: 1,
    leader: { id: "n2", http: "http://127.0.0.1:8102" },
    term: 3,
  });
  expect(service.transfers).toEqual([undefined]);
});

test("transfer finds the leader through a follower", async () => {
  const leader = new FakeService({ id: "n3" });
  const nodes = { "127.0.0.1:8101": follower("n1", 2, "n3"), "127.0.0.1:8103": leader };
  expect(await run(["leader", "transfer", "n2", "--endpoints", "127.0.0.1:8101"], nodes)).toMatchObject({
    exitCode: 0,
  });
  expect(leader.transfers).toEqual(["n2"]);
});

test.each([
  { failure: transferRefused("notAVoter"), exitCode: 1, says: "The voters are n1, n2, n3: choose one" },
  { failure: transferRefused("inProgress"), exitCode: 1, says: "Wait until the other transfer has ended" },
  { failure: transferAborted, exitCode: 1, says: "check that it is up and connected" },
  { failure: noLeader, exitCode: 3, says: "QUORATE_NO_LEADER" },
  { failure: timedOut, exitCode: 4, says: "See who leads before you ask again." },
])(
  "a transfer that fails with $failure.code ends with $exitCode and says: $says",
  async ({ failure, exitCode, says }) => {
    const { service, nodes } = oneNode();
    service.failure = failure;
    const ended = await run(["leader", "transfer", "n9", "--timeout-ms", "50"], nodes);
    expect(ended).toMatchObject({ exitCode, stdout: "" });
    expect(ended.stderr).toContain(says);
  },
);

test("a transfer that nobody receives ends with 6", async () => {
  const argv = ["leader", "transfer", "--endpoints", "127.0.0.1:8101", "--timeout-ms", "50"];
  expect(await run(argv, {})).toMatchObject({ exitCode: 6, stdout: "" });
});

test.each([
  { argv: ["leader", "transfr"], says: "Did you mean transfer?" },
  { argv: ["leader", "transfer", ""], says: "the node's id has 0 bytes" },
  { argv: ["leader", "transfer", "n1", "n2"], says: "too many arguments" },
  { argv: ["leader"], says: "show" },
])("$argv is a usage error: $says", async ({ argv, says }) => {
  const { service, nodes } = oneNode();
  const ended = await run(argv, nodes);
  expect(ended).toMatchObject({ exitCode: 2, stdout: "" });
  expect(ended.stderr).toContain(says);
  expect(service.transfers).toEqual([]);
});

test("between real nodes, leadership is where show says after transfer has moved it", async () => {
  await using cluster = await MemoryCluster.start(3);
  const old = await cluster.leader();
  const target = cluster.ids.find((id) => id !== old) ?? "";
  const real = {
    env: { QUORATE_ENDPOINTS: cluster.ids.map((id) => `http://${id}.test`).join(",") },
    fetch: (url: string, init: RequestInit) => cluster.fetch(url, init),
  };
  const moved = await run(["leader", "transfer", target], {}, real);
  expect(moved).toMatchObject({ exitCode: 0, stderr: "" });
  expect(moved.stdout).toMatch(new RegExp(`^${target} leads in term \\d+ at http://${target}\\.test\n$`));
  expect(await run(["leader", "show"], {}, real)).toEqual(moved);
  const refused = await run(["leader", "transfer", "n9"], {}, real);
  expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
  expect(refused.stderr).toBe(
    "error: QUORATE_TRANSFER_REFUSED: leadership cannot be handed to n9: it is not a voter of the configuration\n" +
      "  The voters are n1, n2, n3: choose one that does not lead.\n",
  );
});
