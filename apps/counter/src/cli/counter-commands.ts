// quorate counter get|add

import { Argument, type Command } from "commander";
import type { CliIo } from "./io.ts";
import {
  addReadOptions,
  addWriteOptions,
  clientFor,
  parseInteger,
  readOptionsOf,
  valuesOf,
  writeOptionsOf,
} from "./options.ts";

/** Adds the commands about counters. */
export function addCounterCommands(program: Command, io: CliIo): void {
  const counter = program.command("counter").description("read and change counters");

  addReadOptions(counter.command("get <name>"))
    .description("print the counter's value")
    .action(async (name: string, _options: unknown, command: Command) => {
      const values = valuesOf(command);
      await using client = clientFor(io, values);
      const found = await client.counter(name).get(readOptionsOf(values));
      io.stdout(values.output === "json" ? `${JSON.stringify(found)}\n` : `${found.value}\n`);
    });

  addWriteOptions(counter.command("add <name>"))
    .addArgument(new Argument("[by]", "what to add; may be negative").default(1).argParser(parseInteger))
    .description("add to the counter and print its new value")
    .action(async (name: string, by: number, _options: unknown, command: Command) => {
      const values = valuesOf(command);
      await using client = clientFor(io, values);
      const changed = await client.counter(name).add(by, writeOptionsOf(values));
      io.stdout(values.output === "json" ? `${JSON.stringify(changed)}\n` : `${changed.value}\n`);
    });
}
