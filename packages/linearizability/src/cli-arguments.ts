// The command's arguments: read, checked, and explained.

import { parseArgs } from "node:util";

/** What to check, and how to say it. */
export type Arguments = {
  readonly model: "register" | "counter" | "string-map";
  /** A path, or `-` for standard input. */
  readonly file: string;
  /** Where the picture of a counterexample goes. */
  readonly html: string | undefined;
  readonly maxSeconds: number;
  readonly output: "text" | "json";
};

/** Arguments that cannot be meant. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What `--help` prints. */
export const usage = `Usage: linearizability check --model register|counter|string-map FILE

Checks a history of operations, one JSON event per line. FILE may be - for standard input.

  -m, --model NAME     register, counter or string-map
      --html OUT       draw the counterexample, if there is one, into the file OUT
      --max-seconds S  give up after S seconds (default 60)
  -o, --output FORM    text (default) or json: the last line is one JSON object
  -h, --help           this text

Exit code: 0 linearizable, 1 not linearizable, 2 undecided within --max-seconds, 3 bad input.
`;

/** Reads the arguments after the program's name; throws `UsageError`. */
export function readArguments(args: readonly string[]): Arguments | "help" {
  const { values, positionals } = parse(args);
  if (values.help === true) return "help";
  const [command, file, ...others] = positionals;
  if (command !== "check") throw new UsageError(command === undefined ? "no command" : `unknown command "${command}"`);
  if (file === undefined) throw new UsageError("no FILE");
  if (others.length > 0) throw new UsageError(`one FILE at a time, not also "${others.join('", "')}"`);
  return {
    model: readModel(values.model),
    file,
    html: values.html,
    maxSeconds: readSeconds(values["max-seconds"]),
    output: readOutput(values.output),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        model: { type: "string", short: "m" },
        html: { type: "string" },
        "max-seconds": { type: "string", default: "60" },
        output: { type: "string", short: "o", default: "text" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readModel(name: string | undefined): Arguments["model"] {
  if (name === "register" || name === "counter" || name === "string-map") return name;
  throw new UsageError(name === undefined ? "no --model" : `unknown model "${name}"`);
}

function readOutput(form: string): Arguments["output"] {
  if (form === "text" || form === "json") return form;
  throw new UsageError(`unknown output "${form}"`);
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new UsageError(`--max-seconds is "${text}": give a number of seconds`);
}
