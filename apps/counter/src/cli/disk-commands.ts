// quorate log show|verify and quorate snapshot inspect: what a stopped node's directory holds, and whether it is intact.

import { readdirSync, statSync } from "node:fs";
import type { LogInspection, LogReport, SnapshotsReport } from "@quorate/storage-file";
import { type Command, InvalidArgumentError, Option } from "commander";
import { exitCodes } from "../errors/catalogue.ts";
import {
  describeEntry,
  describeLog,
  describeSaved,
  describeSnapshots,
  describeVerdict,
  jsonOfEntry,
} from "./disk-report.ts";
import { UsageError } from "./failure.ts";
import type { CliIo } from "./io.ts";

type ShowValues = { readonly output?: "text" | "json"; readonly from?: number; readonly to?: number };

/** Entries that `log show` prints if it is not told which. */
const shownByDefault = 10;

/** Adds the commands about directories. `setExitCode` is called when something is damaged. */
export function addDiskCommands(program: Command, io: CliIo, setExitCode: (code: number) => void): void {
  const log = program.command("log").description("look into the log of a node that is not running");
  const tellDamage = (isDamaged: boolean): void => setExitCode(isDamaged ? exitCodes.failure : exitCodes.ok);

  log
    .command("show <directory>")
    .description("print what the log in a data directory holds")
    .addOption(outputOption())
    .addOption(new Option("--from <index>", "first entry to print").argParser(parseIndex))
    .addOption(new Option("--to <index>", "last entry to print").argParser(parseIndex))
    .action(async (directory: string, _options: unknown, command: Command) => {
      const values = command.optsWithGlobals<ShowValues>();
      const inspection = await inspectLogIn(directory);
      await showLog(io, inspection, values);
      tellDamage(inspection.report.damage !== undefined);
    });

  log
    .command("verify <directory>")
    .description("check every byte of log and snapshots in a data directory; exit code 1 if something is damaged")
    .addOption(outputOption())
    .action(async (directory: string, _options: unknown, command: Command) => {
      const { report } = await inspectLogIn(directory);
      const snapshots = await inspectSnapshotsIn(directory);
      const verdict = describeVerdict(report, snapshots);
      const { output } = command.optsWithGlobals<ShowValues>();
      io.stdout(output === "json" ? `${JSON.stringify(jsonOfVerdict(verdict, report, snapshots))}\n` : verdict.text);
      tellDamage(verdict.problems.length > 0);
    });

  program
    .command("snapshot")
    .description("look at the snapshots of a node that is not running")
    .command("inspect <path>")
    .description("print and verify the snapshots in a data directory, or a saved one; exit code 1 if one is damaged")
    .addOption(outputOption())
    .action(async (path: string, _options: unknown, command: Command) => {
      const { output } = command.optsWithGlobals<ShowValues>();
      if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) {
        const { verifySnapshotFile } = await import("../offline/snapshot-file.ts");
        const saved = await verifySnapshotFile(path);
        io.stdout(
          output === "json" ? `${JSON.stringify({ schemaVersion: 1, ...saved })}\n` : describeSaved(path, saved),
        );
        return;
      }
      const report = await inspectSnapshotsIn(path);
      io.stdout(output === "json" ? `${JSON.stringify({ schemaVersion: 1, ...report })}\n` : describeSnapshots(report));
      tellDamage(report.snapshots.some(({ damage }) => damage !== undefined));
    });
}

async function showLog(io: CliIo, inspection: LogInspection, values: ShowValues): Promise<void> {
  const { report } = inspection;
  const lastIndex = values.to ?? report.last.index;
  const firstIndex = values.from ?? Math.max(1, lastIndex - shownByDefault + 1);
  const isJson = values.output === "json";
  // JSON lines: the report, then the entries, since a log may be larger than what fits into one text.
  io.stdout(isJson ? `${JSON.stringify({ schemaVersion: 1, ...jsonOfReport(report) })}\n` : describeLog(report));
  for await (const entry of inspection.entries({ firstIndex, lastIndex })) {
    io.stdout(isJson ? `${JSON.stringify(jsonOfEntry(entry))}\n` : describeEntry(entry));
  }
}

async function inspectLogIn(directory: string): Promise<LogInspection> {
  requireDirectory(directory);
  // Loaded only here: the other commands need no storage.
  const { inspectFileLog } = await import("../compose.ts");
  const inspection = await inspectFileLog({ directory });
  const { segments, identity, damage } = inspection.report;
  if (segments.length > 0 || identity !== undefined || damage !== undefined) return inspection;
  throw new UsageError(
    `${directory} holds no log of the file storage`,
    "Name a node's data directory: the value of `data` in its configuration.",
  );
}

async function inspectSnapshotsIn(directory: string): Promise<SnapshotsReport> {
  requireDirectory(directory);
  const { inspectFileSnapshots, storeFiles } = await import("../compose.ts");
  if (storeFiles.typeOf(readdirSync(directory)) === "file") return inspectFileSnapshots({ directory });
  throw new UsageError(
    `${directory} holds SQLite databases, and this looks into the file storage only`,
    "Save a snapshot of the running node and inspect that: quorate snapshot save FILE.",
  );
}

function requireDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new UsageError(`${directory} is not a directory`, "Name a node's data directory.");
}

function jsonOfVerdict(
  { problems }: ReturnType<typeof describeVerdict>,
  log: LogReport,
  { snapshots, unfinished }: SnapshotsReport,
): object {
  const intact = problems.length === 0;
  return { schemaVersion: 1, intact, problems, log: jsonOfReport(log), snapshots, unfinishedSnapshots: unfinished };
}

function jsonOfReport({ configurations, ...report }: LogReport): object {
  return { ...report, configurations: configurations.map(({ index, term }) => ({ index, term })) };
}

function outputOption(): Option {
  return new Option("-o, --output <format>", "what to print").choices(["text", "json"]);
}

function parseIndex(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("It must be a whole number, 1 or more.");
}
