// quorate tls init|show

import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { InitResult } from "../tls/init.ts";
import { loadConfigNames } from "../config/names.ts";
import { UsageError } from "./failure.ts";
import type { CliIo } from "./io.ts";
import { outputOption, valuesOf } from "./options.ts";

const defaultDays = "365";

type InitValues = {
  readonly directory: string;
  readonly config?: string;
  readonly cluster?: string;
  readonly nodes?: string;
  readonly days: string;
  readonly renew?: true;
};

/** Adds the commands about certificates. */
export function addTlsCommands(program: Command, io: CliIo): void {
  const tls = program.command("tls").description("make and show certificates for the connections between nodes");

  tls
    .command("init")
    .description("make an authority and a certificate per node, or what is missing of them; for development")
    .option("--directory <folder>", "where the files are", "tls")
    .option("--config <file>", "takes the cluster's name and nodes from a configuration file")
    .option("--cluster <name>", "name of the cluster")
    .option("--nodes <id,id>", "ids of the nodes")
    .option("--days <n>", "days for which the nodes' certificates are valid, 1 to 3650", defaultDays)
    .option("--renew", "new certificates also for nodes that have one")
    .addOption(outputOption())
    .action(async (values: InitValues, command: Command) => {
      // Loaded only here: no other command makes certificates.
      const { initTls } = await import("../tls/init.ts");
      const { directory } = values;
      const made = await initTls({
        directory,
        ...whoseOf(values),
        validDays: daysOf(values.days),
        renew: values.renew === true,
      });
      if (valuesOf(command).output === "json") io.stdout(`${JSON.stringify({ schemaVersion: 1, ...made })}\n`);
      else io.stdout(describeMade(made));
    });

  tls
    .command("show <file>")
    .description("print for whom the certificates in a file speak, and until when")
    .addOption(outputOption())
    .action(async (file: string, _values: unknown, command: Command) => {
      const { describeCertificates } = await import("../tls/show.ts");
      const certificates = describeCertificates(readFileSync(file, "utf8"));
      const isJson = valuesOf(command).output === "json";
      if (isJson) io.stdout(`${JSON.stringify({ schemaVersion: 1, certificates })}\n`);
      else for (const { speaksFor, validUntil } of certificates) io.stdout(`${speaksFor}  until ${validUntil}\n`);
    });
}

function whoseOf({ config, cluster, nodes }: InitValues): {
  readonly cluster: string;
  readonly nodes: readonly string[];
} {
  const named = config === undefined ? undefined : loadConfigNames(config);
  const whose = { cluster: cluster ?? named?.cluster, nodes: nodes?.split(",") ?? named?.nodes };
  if (whose.cluster === undefined || whose.nodes === undefined) {
    throw new UsageError(
      "The cluster and its nodes are not known.",
      "Give --config FILE, or --cluster NAME and --nodes n1,n2,n3.",
    );
  }
  return { cluster: whose.cluster, nodes: whose.nodes };
}

function daysOf(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= 3650) return days;
  throw new UsageError(
    `--days must be a whole number from 1 to 3650, not "${text}".`,
    `The default is ${defaultDays}.`,
  );
}

function describeMade({ ca, caKey, isNewAuthority, nodes }: InitResult): string {
  const lines = nodes.map(({ id, cert, key, isNew }) => {
    const transport = { type: "tcp", tls: { ca, cert, key } };
    return `${id}  ${isNew ? "made" : "kept"}  "transport": ${JSON.stringify(transport)}`;
  });
  const authority = `ca  ${isNewAuthority ? "made" : "kept"}  ${ca}; keep ${caKey} away from the nodes: who has it can join the cluster`;
  return [authority, ...lines, ""].join("\n");
}
