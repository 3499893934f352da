// What a program does to the files of a directory, as the system saw it: strace runs it, and this file reads what strace wrote.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The directory itself among its files: what is synced there are names. */
export const directoryName = ".";

/** One call, in the order in which the system finished them. */
export type SystemCall =
  | { readonly type: "create" | "unlink" | "sync"; readonly name: string }
  | { readonly type: "write"; readonly name: string; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: "truncate"; readonly name: string; readonly sizeBytes: number }
  /** A line that the program printed. */
  | { readonly type: "said"; readonly line: string };

/** Runs a script of this folder with the directory as its first argument. */
export async function traceScript(
  script: string,
  directory: string,
  ...more: readonly string[]
): Promise<readonly SystemCall[]> {
  const { QUORATE_STRACE: strace, QUORATE_STRACE_LIBRARIES: libraries = "" } = process.env;
  if (strace === undefined) throw new Error("vitest was started without the set-up that finds strace");
  const place = mkdtempSync(join(tmpdir(), "quorate-trace-"));
  const output = join(place, "calls");
  const calls = "openat,close,pwrite64,write,ftruncate,fsync,fdatasync,unlink,unlinkat";
  const node = [process.execPath, "--conditions=quorate-source", join(import.meta.dirname, script), directory, ...more];
  try {
    const options = ["-f", "-xx", "-s", "10000000", "-e", `trace=${calls}`, "-e", "signal=none", "-o", output];
    const env = libraries === "" ? process.env : { ...process.env, LD_LIBRARY_PATH: libraries };
    await execute(strace, [...options, ...node], { env, maxBuffer: 64 * 1024 * 1024 });
    return [...parse(readFileSync(output, "latin1").split("\n"), directory)];
  } finally {
    rmSync(place, { recursive: true });
  }
}

function* parse(lines: readonly string[], directory: string): Generator<SystemCall> {
  const open = new Map<string, string>();
  const unfinished = new Map<string, string>();
  for (const line of lines) {
    const { process: thread, text } = /^(?<process>\d+) +(?<text>.*)$/.exec(line)?.groups ?? {};
    if (thread === undefined || text === undefined) continue;
    const begun = / <unfinished \.\.\.>$/.exec(text);
    if (begun !== null) {
      unfinished.set(thread, text.slice(0, begun.index));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(text);
    const whole = resumed === null ? text : `${unfinished.get(thread) ?? ""}${text.slice(resumed[0].length)}`;
    const call = parseCall(whole, { open, directory });
    if (call !== undefined) yield call;
  }
}

function parseCall(
  text: string,
  { open, directory }: { readonly open: Map<string, string>; readonly directory: string },
): SystemCall | undefined {
  const {
    name: call,
    given = "",
    result = "",
  } = /^(?<name>\w+)\((?<given>.*)\) += (?<result>-?\d+)/.exec(text)?.groups ?? {};
  if (call === undefined || result.startsWith("-")) return undefined;
  const args = given.split(", ");
  const file = open.get(args[0] ?? "");
  const onFile = (make: (name: string) => SystemCall) => (file === undefined ? undefined : make(file));
  const named = decode(args.find((each) => each.startsWith('"'))).toString();
  switch (call) {
    case "openat":
      return opened({ path: named, flags: given, descriptor: result, open, directory });
    case "close":
      open.delete(args[0] ?? "");
      return undefined;
    case "write":
      return args[0] === "1" ? { type: "said", line: named.trim() } : undefined;
    case "unlink":
    case "unlinkat":
      return dirname(named) === directory ? { type: "unlink", name: basename(named) } : undefined;
    case "pwrite64":
      return onFile((name) => ({ type: "write", name, offset: Number(args[3]), bytes: decode(args[1]) }));
    case "ftruncate":
      return onFile((name) => ({ type: "truncate", name, sizeBytes: Number(args[1]) }));
    default:
      return onFile((name) => ({ type: "sync", name }));
  }
}

function opened(call: {
  readonly path: string;
  readonly flags: string;
  readonly descriptor: string;
  readonly open: Map<string, string>;
  readonly directory: string;
}): SystemCall | undefined {
  const { path, flags, descriptor, open, directory } = call;
  open.delete(descriptor);
  if (path === directory) open.set(descriptor, directoryName);
  if (dirname(path) !== directory) return undefined;
  open.set(descriptor, basename(path));
  return flags.includes("O_CREAT") ? { type: "create", name: basename(path) } : undefined;
}

/** A string as strace writes it with all of its bytes in hexadecimal. */
function decode(quoted: string | undefined): Buffer {
  return Buffer.from((quoted ?? "").replaceAll(/["\\x]/g, ""), "hex");
}
