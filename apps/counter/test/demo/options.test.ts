// The demo's command line: defaults, limits, and refusals that say what is available.
import { describe, expect, test } from "vitest";
import { parseOptions } from "../../src/demo/options.ts";
import { reportOf } from "../../src/demo/report.ts";

const defaults = {
  once: false,
  page: true,
  nodes: 3,
  transport: "tcp",
  storage: "file",
  network: "good",
  partitions: 0,
  seconds: 5,
  kills: 1,
} as const;

describe("options", () => {
  test("all have defaults", () => {
    expect(parseOptions([], true)).toEqual(defaults);
  });

  test("are read, also behind the separator that pnpm passes on", () => {
    const args = "-- --once --nodes 5 --transport tcp --storage file --seconds 2.5 --kills 3".split(" ");
    expect(parseOptions(args, true)).toEqual({
      ...defaults,
      once: true,
      page: false,
      nodes: 5,
      seconds: 2.5,
      kills: 3,
    });
  });

  test("NATS and SQLite can be chosen", () => {
    const args = ["--transport", "nats", "--storage", "sqlite"];
    expect(parseOptions(args, true)).toEqual({ ...defaults, transport: "nats", storage: "sqlite" });
  });

  test("the network can be bad, and the leader be cut off", () => {
    const args = ["--network", "bad", "--partitions", "2"];
    expect(parseOptions(args, true)).toEqual({ ...defaults, network: "bad", partitions: 2 });
  });

  test("without a terminal the demo runs unattended", () => {
    expect(parseOptions([], false)).toMatchObject({ once: true, page: false });
  });

  test("the page comes with keys, and without them if it is asked for", () => {
    expect(parseOptions([], true)).toMatchObject({ once: false, page: true });
    expect(parseOptions(["--once", "--page"], true)).toMatchObject({ once: true, page: true });
  });

  test("help wins", () => {
    expect(parseOptions(["--help"], true)).toBeUndefined();
  });

  test.each([
    [["--frob"], "--frob"],
    [["now"], "now"],
    [["--nodes"], "--nodes"],
    [["--nodes", "0"], "from 1 to 9"],
    [["--nodes", "2.5"], "from 1 to 9"],
    [["--nodes", ""], "from 1 to 9"],
    [["--kills", "-1"], "--kills"],
    [["--partitions", "101"], "--partitions must be an integer from 0 to 100"],
    [["--network", "hostile"], 'must be one of good, bad, not "hostile"'],
    [["--seconds", "0"], "above 0"],
    [["--transport", "carrier-pigeon"], 'must be one of tcp, tcp+tls, nats, not "carrier-pigeon"'],
    [["--storage", "floppy"], 'must be one of file, sqlite, not "floppy"'],
  ])("%j is a usage error", (args, message) => {
    expect(() => parseOptions(args, true)).toThrow(
      expect.objectContaining({ code: "QUORATE_USAGE", message: expect.stringContaining(message) }),
    );
  });
});

test("the report has exactly the published members", () => {
  const verdict = { holds: true, acknowledged: 12, lost: 0, duplicated: 0, stateHash: "abc", problems: [] };
  expect(JSON.stringify(reportOf(defaults, verdict, [300.4, 311.6, 900]))).toBe(
    '{"ok":true,"nodes":3,"transport":"tcp","storage":"file","acknowledged":12,"lost":0,"duplicated":0,' +
      '"failover_ms":312,"state_hash":"abc"}',
  );
});
