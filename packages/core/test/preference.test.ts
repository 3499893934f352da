// Leaders that are wanted more than others.
import { describe, expect, test } from "vitest";
import { Cluster } from "./support/cluster.ts";

const tenTimeoutsMs = 3_000;

/** A cluster of three whose leader has given another voter this priority. */
function prefers(priority: number): { cluster: Cluster; leader: string; preferred: string } {
  const cluster = new Cluster({ size: 3 });
  const leader = cluster.elect();
  const preferred = cluster.ids.find((id) => id !== leader) ?? "";
  expect(
    cluster.proposeConfiguration(leader, { changes: [{ type: "prioritize", id: preferred, priority }] }),
  ).toMatchObject({ accepted: true });
  return { cluster, leader, preferred };
}

describe("a leader", () => {
  test("hands over to a voter of higher priority, but not right after its election", () => {
    const { cluster, leader, preferred } = prefers(5);
    cluster.run(tenTimeoutsMs - 200);
    expect(cluster.leader()).toBe(leader);
    cluster.run(400);
    expect(cluster.leader()).toBe(preferred);
    cluster.run(3 * tenTimeoutsMs);
    expect(cluster.leader(), "and it stays there").toBe(preferred);
  });

  test("does not hand over to equals", () => {
    const { cluster, leader } = prefers(0);
    cluster.run(2 * tenTimeoutsMs);
    expect(cluster.leader()).toBe(leader);
  });

  test("waits for a voter that is away, and goes on taking proposals meanwhile", () => {
    const { cluster, leader, preferred } = prefers(5);
    cluster.isolate(preferred);
    cluster.run(2 * tenTimeoutsMs);
    expect(cluster.propose(leader, "x")).toMatchObject({ accepted: true });
    cluster.heal();
    cluster.runUntil(() => cluster.leader() === preferred);
    cluster.runUntil(() => cluster.applied(preferred).includes("x"));
  });

  test("offers its leadership to the best of several", () => {
    const cluster = new Cluster({ size: 3 });
    const leader = cluster.elect();
    const [good = "", better = ""] = cluster.ids.filter((id) => id !== leader);
    const changes = [
      { type: "prioritize", id: good, priority: 1 },
      { type: "prioritize", id: better, priority: 2 },
    ] as const;
    cluster.proposeConfiguration(leader, { changes });
    cluster.runUntil(() => cluster.leader() === better);
    expect(cluster.events(leader).filter(({ type }) => type === "transferStarted")).toMatchObject([{ to: better }]);
  });

  test("offers no more often than every ten timeouts, if nobody takes over", () => {
    const { cluster, leader, preferred } = prefers(5);
    // Orders to campaign get lost, everything else arrives.
    cluster.loseMessages((message) => message.type === "timeoutNow");
    cluster.run(3 * tenTimeoutsMs);
    const offers = cluster.events(leader).filter(({ type }) => type === "transferStarted");
    expect(offers.length).toBeGreaterThan(1);
    expect(offers.length).toBeLessThan(4);
    expect(preferred).not.toBe(cluster.leader());
  });
});

test.each([-1, 0.5, 101, Number.NaN])("%s is no priority", (priority) => {
  const cluster = new Cluster({ size: 1 });
  const leader = cluster.elect();
  const result = cluster.proposeConfiguration(leader, { changes: [{ type: "prioritize", id: leader, priority }] });
  expect(result).toMatchObject({ accepted: false, reason: "notAPriority" });
});
