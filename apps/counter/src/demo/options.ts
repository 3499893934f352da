// The demo's command line.

import { parseArgs } from "node:util";
import { QuorateError } from "@quorate/contracts";
import { networkQualities, type NetworkQuality } from "./network-plan.ts";

/** What to run. */
export type DemoOptions = {
  /** Runs by itself and exits with a verdict, instead of waiting for keys. */
  readonly once: boolean;
  /** Serves a page that shows the run and can hurt the cluster. */
  readonly page: boolean;
  readonly nodes: number;
  readonly transport: string;
  readonly storage: string;
  readonly network: NetworkQuality;
  /** How many times the leader is cut off from the others. */
  readonly partitions: number;
  /** How long the load runs at least. */
  readonly seconds: number;
  /** How many times the leader is killed. */
  readonly kills: number;
};

/** The text of `--help`. */
export const usage: string = `Usage: demo [options]
Starts a cluster, writes to it, kills the leader, and proves that nothing was lost or done twice.

  --once             run unattended, print a verdict, exit 0 only if the proof held (default without a terminal)
  --page             unattended: serve the page that shows the run and can hurt the cluster, as the demo with keys does
  --nodes N          number of server processes, 1 to 9 (default 3)
  --transport NAME   tcp (default), tcp+tls with certificates made for this run, or nats with a nats-server of its own
  --storage NAME     file (default) or sqlite
  --network NAME     good (default), or bad: messages between the nodes are lost, doubled, late and out of order
  --partitions P     unattended: how many times the leader is cut off from the others, 0 to 100 (default 0)
  --seconds S        unattended: how long the load runs at least, above 0 (default 5)
  --kills K          unattended: how many times the leader is killed, 0 to 100 (default 1)
  --help             print this text`;

const available = {
  transport: ["tcp", "tcp+tls", "nats"],
  storage: ["file", "sqlite"],
  network: networkQualities,
} as const;

/** Parses the command line; undefined if it asks for help. Throws `QUORATE_USAGE`. */
export function parseOptions(args: readonly string[], isTerminal: boolean): DemoOptions | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  const once = values.once === true || !isTerminal;
  return {
    once,
    page: values.page === true || !once,
    nodes: integer("--nodes", values.nodes ?? "3", 1, 9),
    transport: choice("transport", values.transport ?? "tcp"),
    storage: choice("storage", values.storage ?? "file"),
    network: choice("network", values.network ?? "good"),
    partitions: integer("--partitions", values.partitions ?? "0", 0, 100),
    seconds: seconds(values.seconds ?? "5"),
    kills: integer("--kills", values.kills ?? "1", 0, 100),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      // pnpm passes its own separator on.
      args: args.filter((arg) => arg !== "--"),
      strict: true,
      allowPositionals: false,
      options: {
        once: { type: "boolean" },
        page: { type: "boolean" },
        nodes: { type: "string" },
        transport: { type: "string" },
        storage: { type: "string" },
        network: { type: "string" },
        partitions: { type: "string" },
        seconds: { type: "string" },
        kills: { type: "string" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw usageError(`${name} must be an integer from ${least} to ${most}, not "${text}"`);
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0 && value <= 86_400) return value;
  throw usageError(`--seconds must be a number above 0 and at most 86400, not "${text}"`);
}

function choice<Kind extends keyof typeof available>(kind: Kind, name: string): (typeof available)[Kind][number] {
  const chosen = available[kind].find((one) => one === name);
  if (chosen !== undefined) return chosen;
  throw usageError(`--${kind} must be one of ${available[kind].join(", ")}, not "${name}"`);
}

function usageError(message: string): QuorateError {
  return new QuorateError({ code: "QUORATE_USAGE", message: `${message}.`, hint: "See --help." });
}
