// quorate status: all nodes in one table, also those that do not answer.

import { expect, test } from "vitest";
import { FakeService } from "../http/fake-node.ts";
import { oneNode, run } from "./run.ts";

test("the table shows what the reachable nodes say, and who is unreachable", async () => {
  const { nodes } = oneNode();
  const shown = await run(["status"], nodes);
  expect(shown.exitCode).toBe(0);
  expect(shown.stdout).toBe(
    [
      "NODE  ADDRESS         ROLE    TERM  COMMIT  APPLIED  LAG  LAST CONTACT  ERRORS",
      "n1    127.0.0.1:8101  LEADER  2     1       1        -    -",
      "n2    127.0.0.1:8102  -       -     -       -        -    12 ms         unreachable",
      "n3    127.0.0.1:8103  -       -     -       -        -    480 ms        unreachable",
      "cluster demo  3 voters  quorum 2  no quorum (2 down)",
      "",
    ].join("\n"),
  );
  expect(shown.stderr).toContain("http://127.0.0.1:8102: QUORATE_UNREACHABLE");
});

test("members are found through one endpoint, and a follower shows how far it is behind", async () => {
  const { service, nodes } = oneNode();
  await service.request("POST", "/v1/counters/hits/increments");
  const follower = new FakeService({ id: "n2" });
  follower.status = { role: "follower", leaderId: "n1", commitIndex: 2, lastApplied: 1, peers: [] };
  const argv = ["status", "--endpoints", "127.0.0.1:8101"];
  const shown = await run(argv, { ...nodes, "127.0.0.1:8102": follower });
  expect(shown.stdout.split("\n").slice(1)).toEqual([
    "n1    127.0.0.1:8101  LEADER    2     2       2        -    -",
    "n2    127.0.0.1:8102  follower  2     2       1        1    12 ms",
    "n3    127.0.0.1:8103  -         -     -       -        -    480 ms        unreachable",
    "cluster demo  3 voters  quorum 2  tolerates 0 more failures (1 down)",
    "",
  ]);
});

test("a contact longer ago than a second is shown in seconds", async () => {
  const { service, nodes } = oneNode();
  service.peerContactMs = 4249;
  expect((await run(["status"], nodes)).stdout).toContain("4.2 s         unreachable");
});

test("-o json has a version and a stable form", async () => {
  const { nodes } = oneNode();
  const shown = JSON.parse((await run(["status", "-o", "json"], nodes)).stdout);
  expect(shown).toMatchObject({
    schemaVersion: 1,
    cluster: "demo",
    leader: "n1",
    nodes: [
      {
        id: "n1",
        endpoint: "http://127.0.0.1:8101",
        reachable: true,
        status: { role: "leader", term: 2 },
        error: null,
      },
      { id: "n2", reachable: false, status: null, error: { code: "QUORATE_UNREACHABLE" } },
      { id: "n3", reachable: false },
    ],
  });
});

test("no leader ends with 3, no answer with 6", async () => {
  const { service, nodes } = oneNode();
  service.status = { role: "follower", leaderId: undefined, peers: [] };
  expect(await run(["status"], nodes)).toMatchObject({ exitCode: 3 });
  const silent = await run(["status", "--endpoints", "127.0.0.1:8101"], {});
  expect(silent.exitCode).toBe(6);
  expect(silent.stdout).toContain("no node answers");
});

test.each([
  { env: {}, isTerminal: true, bold: true },
  { env: { NO_COLOR: "1" }, isTerminal: true, bold: false },
  { env: {}, isTerminal: false, bold: false },
])("colours with $env and terminal $isTerminal: $bold", async ({ env, isTerminal, bold }) => {
  const { nodes } = oneNode();
  const shown = await run(["status", "--endpoints", "127.0.0.1:8101"], nodes, { env, isTerminal });
  expect(shown.stdout.includes("\u001b[1mLEADER")).toBe(bold);
});
