// quorate snapshot save|restore and quorate recover: a backup, and what to do when there is no majority any more.

import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { QuorateError } from "@quorate/contracts";
import { type Command, Option } from "commander";
import type { NewCluster } from "../offline/new-cluster.ts";
import { exitCodes } from "../errors/catalogue.ts";
import { UsageError } from "./failure.ts";
import { type CliIo, fetchOf } from "./io.ts";
import { addClusterOptions, endpointsOf, outputOption, type SharedValues, valuesOf } from "./options.ts";

type FounderValues = SharedValues & {
  readonly data: string;
  readonly into: string;
  readonly cluster: string;
  readonly newCluster: string;
  readonly id: string;
  readonly storageType: "file" | "sqlite";
  readonly peer?: string;
  readonly http?: string;
  readonly client?: string;
  readonly yes?: true;
};

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const saveWithinMs = 600_000;

/** Adds the commands that make data directories and backups. `setExitCode` is called when nothing was done. */
export function addOfflineCommands(program: Command, io: CliIo, setExitCode: (code: number) => void): void {
  const existing = program.commands.find((command) => command.name() === "snapshot");
  const snapshot = (existing ?? program.command("snapshot")).description("save, restore and look at snapshots");

  addClusterOptions(snapshot.command("save <file>"))
    .description("write the whole state, with every write acknowledged so far, to a file")
    .action(async (file: string, _options: unknown, command: Command) => {
      const values = valuesOf(command);
      const { index, from } = await save(io, values, file);
      const text = `${file} holds the state after entry ${index}, from ${from}\n`;
      io.stdout(values.output === "json" ? `${JSON.stringify({ schemaVersion: 1, file, index, from })}\n` : text);
    });

  addFounder(snapshot.command("restore <file>"))
    .description("make the data directory of a new cluster's first node from a saved snapshot")
    .requiredOption("--data <directory>", "the directory to make; it must not exist yet")
    .requiredOption("--cluster <name>", "name of the new cluster; take one that was never used")
    .addOption(
      new Option("--storage-type <type>", "how the node keeps its files").choices(["file", "sqlite"]).default("file"),
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      const values = command.optsWithGlobals<FounderValues>();
      const { restoreInto } = await import("../offline/new-cluster.ts");
      const founder = { ...(await founderOf(values, values.cluster)), type: values.storageType };
      tellMade(io, values, await restoreInto(values.data, file, founder), values.cluster);
    });

  addFounder(program.command("recover"))
    .description("when a majority is gone for good: go on in a new cluster with what one stopped node has")
    .requiredOption("--data <directory>", "data directory of the stopped node; it is only read")
    .requiredOption("--into <directory>", "the directory to make; it must not exist yet")
    .requiredOption("--new-cluster <name>", "name of the new cluster; take one that was never used")
    .option("--yes", "really do it")
    .action(async (_options: unknown, command: Command) => {
      const values = command.optsWithGlobals<FounderValues>();
      const founder = await founderOf(values, values.newCluster);
      const { lookAt, recoverInto } = await import("../offline/new-cluster.ts");
      const from = await lookAt(values.data);
      if (from.cluster === values.newCluster) throw sameName(from.cluster);
      io.stderr(warning(from, values));
      if (values.yes !== true) {
        io.stderr("Nothing was done. Add --yes if you want this.\n");
        setExitCode(exitCodes.usage);
        return;
      }
      tellMade(io, values, await recoverInto(values.into, values.data, founder), values.newCluster);
    });
}

async function save(
  io: CliIo,
  values: SharedValues,
  file: string,
): Promise<{ readonly index: number; readonly from: string }> {
  const send = fetchOf(io);
  const problems: string[] = [];
  for (const endpoint of endpointsOf(io, values)) {
    const from = endpoint.replace(/\/$/, "");
    const signal = AbortSignal.timeout(values.timeoutMs ?? saveWithinMs);
    // Any node has it once it knows how far it must have come; that spares the leader.
    const response = await send(`${from}/v1/cluster/snapshot?forward=true`, { signal }).catch((error: unknown) => {
      problems.push(`${from}: ${error instanceof Error ? error.message : String(error)}`);
    });
    if (response === undefined) continue;
    if (response.status === 200 && response.body !== null) {
      const expected = Number(response.headers.get("content-length"));
      await store(file, response.body, expected);
      return { index: Number(response.headers.get("raft-index")), from };
    }
    problems.push(`${from}: ${response.status} ${await response.text()}`);
  }
  throw new QuorateError({
    code: "QUORATE_UNREACHABLE",
    message: `No node gave a snapshot. ${problems.join("; ")}`,
    hint: "Check that the nodes are running and that there is a leader.",
  });
}

/** The file appears when it is complete. */
async function store(file: string, body: ReadableStream<Uint8Array>, expectedBytes: number): Promise<void> {
  const partial = `${file}.partial`;
  const target = createWriteStream(partial, { flush: true });
  try {
    await pipeline(Readable.from(body), target);
    if (target.bytesWritten !== expectedBytes) {
      throw new QuorateError({
        code: "QUORATE_ANSWER_INVALID",
        message: `The snapshot ended after ${target.bytesWritten} of ${expectedBytes} bytes.`,
        hint: "Save it again; the node may have stopped meanwhile.",
        retryable: true,
      });
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

function addFounder(command: Command): Command {
  return command
    .requiredOption("--id <id>", "id of the new cluster's first node")
    .option("--peer <address>", "where other nodes will reach it, HOST:PORT")
    .option("--http <address>", "where its HTTP interface will be, HOST:PORT")
    .option("--client <address>", "where programs will reach it, HOST:PORT")
    .addOption(outputOption());
}

async function founderOf(
  { id, peer, http, client }: FounderValues,
  clusterId: string,
): Promise<{ readonly clusterId: string; readonly nodeId: string; readonly address?: string }> {
  for (const name of [id, clusterId]) {
    if (namePattern.test(name)) continue;
    throw new UsageError(`"${name}" is not a usable name`, "Use 1 to 64 letters, digits, '.', '_' or '-'.");
  }
  if (http === undefined) {
    if (peer === undefined && client === undefined) return { clusterId, nodeId: id };
    throw new UsageError(
      "--http is missing",
      "Give all addresses of the node, or none: then its configuration counts.",
    );
  }
  const { encodeAddress } = await import("../members/address.ts");
  const base = http.includes("://") ? http : `http://${http}`;
  const address = encodeAddress({
    ...(peer !== undefined && { peer }),
    http: base,
    ...(client !== undefined && { client }),
  });
  return { clusterId, nodeId: id, address };
}

function warning(from: NewCluster["from"], { newCluster, id }: FounderValues): string {
  const others = from.members.filter((member) => member !== from.node);
  return [
    `DANGER: ${id} will go on alone, as cluster ${newCluster}, with what ${from.node} of cluster ${from.cluster} has.`,
    `  It has entries up to index ${from.index}, the last of term ${from.term}.`,
    "  What the cluster acknowledged and this node never received IS LOST, and nobody can tell what that was.",
    "  What this node received and nobody ever acknowledged TAKES EFFECT.",
    `  If a majority of ${from.members.join(", ")} can still be started, start it instead: nothing is lost then.`,
    `  ${others.length === 0 ? "It has no other members." : `Of the other members, take the one with the highest index; never start ${others.join(", ")} with their old directories again:`}`,
    ...(others.length === 0 ? [] : [`  they still are cluster ${from.cluster}, and the new cluster refuses them.`]),
    "",
  ].join("\n");
}

function tellMade(io: CliIo, values: FounderValues, made: NewCluster, cluster: string): void {
  if (values.output === "json") {
    io.stdout(`${JSON.stringify({ schemaVersion: 1, cluster, id: values.id, ...made })}\n`);
    return;
  }
  io.stdout(
    [
      `${made.directory} is the data directory of ${values.id}, the only member of the new cluster ${cluster}.`,
      `It holds everything up to entry ${made.from.index} that ${made.from.node} of cluster ${made.from.cluster} had.`,
      `Start it with "cluster": "${cluster}", "id": "${values.id}", this "data", and itself as the only one of "members".`,
      'Then start other nodes with "join": true and empty directories, and add them: quorate members add ID …',
      "",
    ].join("\n"),
  );
}

function sameName(cluster: string): UsageError {
  return new UsageError(
    `the old cluster is called ${cluster} too`,
    "Take another name: by its name the new cluster knows whom to refuse.",
  );
}
