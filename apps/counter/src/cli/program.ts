// The command `quorate`: its commands, and how any of them ends.

import { Command, CommanderError } from "commander";
import { configOptions } from "../config/flags.ts";
import { exitCodes } from "../errors/catalogue.ts";
import { addCounterCommands } from "./counter-commands.ts";
import { addDiskCommands } from "./disk-commands.ts";
import { reportFailure } from "./failure.ts";
import type { CliIo } from "./io.ts";
import { addLeaderCommands } from "./leader-commands.ts";
import { addMemberCommands } from "./member-commands.ts";
import { addOfflineCommands } from "./offline-commands.ts";
import { addClusterOptions } from "./options.ts";
import { addRegisterCommands } from "./register-commands.ts";
import { addStatusCommand } from "./status-command.ts";
import { addTakeSnapshot } from "./take-snapshot.ts";
import { addTlsCommands } from "./tls-commands.ts";

/** Runs one command; `argv` begins after the program's name. Resolves with the exit code and never rejects. */
export async function runCli(argv: readonly string[], io: CliIo, version: string): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = createProgram(io, version, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has written its message already; help and version end with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return reportFailure(io, error, wantsJson(argv) ? "json" : "text");
  }
}

function createProgram(io: CliIo, version: string, setExitCode: (code: number) => void): Command {
  const program = new Command("quorate");
  // Set first: subcommands inherit them when they are made.
  program.exitOverride().configureOutput({
    writeOut: (text) => io.stdout(text),
    writeErr: (text) => io.stderr(text),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  addClusterOptions(program)
    .description("Replicated counters and registers.")
    .version(version, "-V, --version", "print the version")
    .showHelpAfterError("(--help lists commands and options)");
  addStartCommand(program, io, setExitCode);
  addStatusCommand(program, io, setExitCode);
  addLeaderCommands(program, io);
  addMemberCommands(program, io);
  addCounterCommands(program, io);
  addRegisterCommands(program, io);
  addDiskCommands(program, io, setExitCode);
  addOfflineCommands(program, io, setExitCode);
  addTakeSnapshot(program, io);
  addTlsCommands(program, io);
  return program;
}

function addStartCommand(program: Command, io: CliIo, setExitCode: (code: number) => void): void {
  const start = program
    .command("start")
    .description("run one node of a cluster")
    .option("--config <file>", "configuration file (JSON); flags win over it");
  for (const option of configOptions()) start.addOption(option);
  start.action(async (values: { readonly config?: string } & Readonly<Record<string, unknown>>) => {
    setExitCode(await io.startNode(values.config, values));
  });
}

function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, i) =>
      /^(?:-o=?json|--output=json)$/.test(word) || (/^(?:-o|--output)$/.test(word) && argv[i + 1] === "json"),
  );
}
