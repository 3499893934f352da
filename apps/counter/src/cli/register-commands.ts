// quorate register get|set|cas|delete

import type { RegisterValue } from "@quorate/client";
import { type Command, Option } from "commander";
import { UsageError } from "./failure.ts";
import type { CliIo } from "./io.ts";
import {
  addReadOptions,
  addWriteOptions,
  clientFor,
  parseInteger,
  parseValue,
  readOptionsOf,
  type SharedValues,
  valuesOf,
  writeOptionsOf,
} from "./options.ts";

type WriteValues = SharedValues & {
  readonly ifMatch?: number;
  readonly ifAbsent?: true;
  readonly string?: true;
};

/** Adds the commands about registers. */
export function addRegisterCommands(program: Command, io: CliIo): void {
  const register = program.command("register").description("read and change registers");
  addGet(register, io);
  addSet(register, io);
  addCompareAndSet(register, io);
  addDelete(register, io);
}

function addGet(register: Command, io: CliIo): void {
  addReadOptions(register.command("get <key>"))
    .description("print the register's value as JSON")
    .action(async (key: string, _options: unknown, command: Command) => {
      const values = valuesOf(command);
      await using client = clientFor(io, values);
      print(io, values, await client.register(key).get(readOptionsOf(values)));
    });
}

function addSet(register: Command, io: CliIo): void {
  addWriteOptions(register.command("set <key> <value>"))
    .description("set the register; VALUE is JSON, and anything else is taken as a string")
    .option("--string", "take VALUE as a string even if it is JSON")
    .addOption(ifMatchOption())
    .option("--if-absent", "only if the register does not exist")
    .action(async (key: string, text: string, _options: unknown, command: Command) => {
      const values: WriteValues = valuesOf(command);
      const { ifMatch, ifAbsent } = values;
      if (ifMatch !== undefined && ifAbsent === true) {
        throw new UsageError("--if-match and --if-absent exclude each other", "Use one of them.");
      }
      await using client = clientFor(io, values);
      const written = await client.register(key).set(valueOf(text, values), {
        ...writeOptionsOf(values),
        ...(ifMatch === undefined ? {} : { ifMatch }),
        ...(ifAbsent === true ? { ifNoneMatch: "*" } : {}),
      });
      print(io, values, written);
    });
}

function addCompareAndSet(register: Command, io: CliIo): void {
  addWriteOptions(register.command("cas <key> <expected> [value]"))
    .description("set the register to VALUE if it equals EXPECTED")
    .option("--string", "take both values as strings even if they are JSON")
    .option("--if-absent", "only if the register does not exist: cas --if-absent KEY VALUE")
    .action(async (key: string, first: string, second: string | undefined, _options: unknown, command: Command) => {
      const values: WriteValues = valuesOf(command);
      const change = changeOf(first, second, values);
      await using client = clientFor(io, values);
      print(io, values, await client.register(key).compareAndSet(change, writeOptionsOf(values)));
    });
}

function addDelete(register: Command, io: CliIo): void {
  addWriteOptions(register.command("delete <key>"))
    .description("delete the register")
    .addOption(ifMatchOption())
    .action(async (key: string, _options: unknown, command: Command) => {
      const values: WriteValues = valuesOf(command);
      const { ifMatch } = values;
      await using client = clientFor(io, values);
      const deleted = await client.register(key).delete({
        ...writeOptionsOf(values),
        ...(ifMatch === undefined ? {} : { ifMatch }),
      });
      if (values.output === "json") io.stdout(`${JSON.stringify({ key, ...deleted })}\n`);
    });
}

function ifMatchOption(): Option {
  return new Option("--if-match <revision>", "only if this is the register's revision").argParser(parseInteger);
}

function changeOf(first: string, second: string | undefined, values: WriteValues): Parameters<CompareAndSet>[0] {
  if (values.ifAbsent === true) {
    if (second === undefined) return { value: valueOf(first, values) };
    throw new UsageError("with --if-absent there is no EXPECTED", "quorate register cas --if-absent KEY VALUE");
  }
  if (second === undefined) {
    throw new UsageError("missing VALUE", "quorate register cas KEY EXPECTED VALUE, or cas --if-absent KEY VALUE");
  }
  return { expected: valueOf(first, values), value: valueOf(second, values) };
}

type CompareAndSet = ReturnType<ReturnType<typeof clientFor>["register"]>["compareAndSet"];

function valueOf(text: string, values: WriteValues): RegisterValue["value"] {
  return values.string === true ? text : parseValue(text);
}

function print(io: CliIo, values: SharedValues, register: RegisterValue): void {
  io.stdout(`${JSON.stringify(values.output === "json" ? register : register.value)}\n`);
}
