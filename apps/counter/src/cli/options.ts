// The options that several commands share, and what their values mean.

import { type Client, createClient, type JsonValue, type ReadOptions, type WriteOptions } from "@quorate/client";
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "./failure.ts";
import type { CliIo } from "./io.ts";

/** The shared options as commander collects them. */
export type SharedValues = {
  readonly output?: "text" | "json";
  readonly endpoints?: string;
  readonly timeoutMs?: number;
  readonly consistency?: "linearizable" | "lease" | "stale";
  readonly maxAgeMs?: number;
  readonly minIndex?: number;
  readonly forward?: boolean;
  readonly idempotencyKey?: string;
};

/** The options of every command that talks to a cluster. */
export function addClusterOptions(command: Command): Command {
  return command
    .addOption(outputOption())
    .addOption(new Option("--endpoints <urls>", "nodes to ask, separated by commas; also QUORATE_ENDPOINTS"))
    .addOption(new Option("--timeout-ms <ms>", "give up after this time (10000)").argParser(parseMs));
}

/** The form of what is printed. */
export function outputOption(): Option {
  return new Option("-o, --output <format>", "what to print").choices(["text", "json"]);
}

/** The options of reads. */
export function addReadOptions(command: Command): Command {
  return addClusterOptions(command)
    .addOption(
      new Option("--consistency <level>", "how fresh the answer must be").choices(["linearizable", "lease", "stale"]),
    )
    .addOption(new Option("--max-age-ms <ms>", "only with stale: the oldest answer to accept").argParser(parseMs))
    .addOption(
      new Option(
        "--min-index <index>",
        "see at least this entry of the log, such as the index of your last write",
      ).argParser(parseIndex),
    )
    .option("--forward", "not with stale: let the node that is asked answer, leader or not");
}

/** The options of writes. */
export function addWriteOptions(command: Command): Command {
  return addClusterOptions(command).option("--idempotency-key <key>", "makes repeating the command safe");
}

/** Values of this command and of the program: options may stand before or after the command's name. */
export function valuesOf(command: Command): SharedValues {
  return command.optsWithGlobals<SharedValues>();
}

/** The addresses to ask. */
export function endpointsOf(io: CliIo, values: SharedValues): readonly string[] {
  const text = values.endpoints ?? io.env["QUORATE_ENDPOINTS"] ?? "";
  const endpoints = text.split(",").map((part) => part.trim());
  const named = endpoints.filter((part) => part !== "").map((part) => (part.includes("://") ? part : `http://${part}`));
  if (named.length > 0) return named;
  throw new UsageError("no endpoints", "Name the nodes: --endpoints http://127.0.0.1:8101,http://127.0.0.1:8102");
}

/** A client for one command; the caller closes it. */
export function clientFor(io: CliIo, values: SharedValues): Client {
  return createClient({
    endpoints: endpointsOf(io, values),
    retry: values.timeoutMs === undefined ? {} : { budgetMs: values.timeoutMs },
    ...(io.fetch === undefined ? {} : { fetch: io.fetch }),
  });
}

/** What a read passes to the client. */
export function readOptionsOf({ consistency, maxAgeMs, minIndex, forward }: SharedValues): ReadOptions {
  if (maxAgeMs !== undefined && consistency !== "stale") {
    throw new UsageError("--max-age-ms is only for stale reads", "Add --consistency stale.");
  }
  if (forward === true && consistency === "stale") {
    throw new UsageError("--forward is not for stale reads", "Leave it out: any node answers them.");
  }
  return {
    ...(consistency === undefined ? {} : { consistency }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(minIndex === undefined ? {} : { minIndex }),
    ...(forward === undefined ? {} : { forward }),
  };
}

/** What a write passes to the client. */
export function writeOptionsOf({ idempotencyKey }: SharedValues): WriteOptions {
  return idempotencyKey === undefined ? {} : { idempotencyKey };
}

/** A value of the command line: JSON, or else the text itself. */
export function parseValue(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue; // JSON.parse makes nothing else
  } catch {
    return text;
  }
}

/** An integer within ±(2^53−1). */
export function parseInteger(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("It must be an integer within ±(2^53−1).");
}

function parseIndex(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("It must be an index of the log, 0 or more.");
}

function parseMs(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1) return value;
  throw new InvalidArgumentError("It must be a whole number of milliseconds, 1 or more.");
}
