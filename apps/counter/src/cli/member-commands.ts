// quorate members list|add|promote|demote|remove|change|replace|move|prioritize|readmit

import { setTimeout as pause } from "node:timers/promises";
import { QuorateError } from "@quorate/contracts";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ListedMember } from "../http/member-list.ts";
import { UsageError } from "./failure.ts";
import type { CliIo } from "./io.ts";
import { askMembers, type MemberAnswer, type MemberRequest } from "./member-calls.ts";
import { addClusterOptions, type SharedValues, valuesOf } from "./options.ts";
import { durationText, tableText } from "./table.ts";

type MemberValues = SharedValues & {
  readonly peer?: string;
  readonly http?: string;
  readonly client?: string;
  readonly learner?: boolean;
  readonly force?: boolean;
  readonly stale?: boolean;
  readonly ifMatch?: number;
  readonly promote?: readonly string[];
  readonly demote?: readonly string[];
  readonly remove?: readonly string[];
};

const route = "/v1/cluster/members";
const replaceWithinMs = 60_000;
const lookEveryMs = 250;

/** Adds the commands about the membership. */
export function addMemberCommands(program: Command, io: CliIo): void {
  const members = program.command("members").description("show and change who belongs to the cluster");

  addClusterOptions(members.command("list"))
    .description("print every member, and how far behind it is")
    .option("--stale", "let any node answer from what it knows, also without a leader")
    .action((_options: unknown, command: Command) => {
      const { stale } = memberValues(command);
      const path = stale === true ? `${route}?consistency=stale` : route;
      return run(io, command, { method: "GET", path });
    });

  addAddresses(addChangeOptions(members.command("add <id>")))
    .description("add a node that was started with --join; it gets a vote when it has caught up")
    .option("--learner", "without a vote, until it is promoted")
    .action((id: string, _options: unknown, command: Command) =>
      run(io, command, { method: "POST", path: route, body: newMember(id, memberValues(command)) }),
    );

  for (const [name, role, description] of [
    ["promote", "voter", "give a learner that has caught up a vote"],
    ["demote", "learner", "take a node's vote; it goes on receiving the log"],
  ] as const) {
    addForce(addChangeOptions(members.command(`${name} <id>`)))
      .description(description)
      .action((id: string, _options: unknown, command: Command) =>
        run(io, command, { method: "PATCH", path: pathOf(id, memberValues(command)), body: { role } }),
      );
  }

  addForce(addChangeOptions(members.command("remove <id>")))
    .description("take a node out of the cluster; stop it afterwards")
    .action((id: string, _options: unknown, command: Command) =>
      run(io, command, { method: "DELETE", path: pathOf(id, memberValues(command)) }),
    );

  addChange(members, io);

  addAddresses(addChangeOptions(members.command("move <id>")))
    .description("note where a node is reached from now on; what is not given stays")
    .action((id: string, _options: unknown, command: Command) => {
      const values = memberValues(command);
      return run(io, command, { method: "PATCH", path: pathOf(id, values), body: addressesOf(values) });
    });

  addChangeOptions(members.command("prioritize <id>").argument("<priority>", "0 to 100", parsePriority))
    .description("let leaders hand over to this node, if it votes and theirs is lower; 0 takes that back")
    .action((id: string, priority: number, _options: unknown, command: Command) =>
      run(io, command, { method: "PATCH", path: pathOf(id, {}), body: { priority } }),
    );

  addChangeOptions(members.command("readmit <id>"))
    .description("take back a node that lost its disk, where that is not done automatically")
    .action((id: string, _options: unknown, command: Command) =>
      run(io, command, { method: "POST", path: `${pathOf(id, {})}/readmission` }),
    );

  addAddresses(addClusterOptions(members.command("replace <old> <new>")))
    .description("add a node, wait until it votes, and remove another one")
    .action((old: string, id: string, _options: unknown, command: Command) => replace(io, command, { old, id }));
}

function addChange(members: Command, io: CliIo): void {
  addForce(addChangeOptions(members.command("change")))
    .description("change several members in one step, such as --promote n4,n5 --remove n1,n2")
    .addOption(idsOption("--promote <ids>", "learners that have caught up, to get a vote"))
    .addOption(idsOption("--demote <ids>", "voters, to lose theirs"))
    .addOption(idsOption("--remove <ids>", "members, to leave the cluster"))
    .action((_options: unknown, command: Command) => {
      const values = memberValues(command);
      const { promote = [], demote = [], remove = [], force } = values;
      if (promote.length + demote.length + remove.length === 0) {
        throw new UsageError("nothing to change", "Name members: --promote, --demote, --remove.");
      }
      const path = `${route}${force === true ? "?force=true" : ""}`;
      return run(io, command, { method: "PATCH", path, body: { promote, demote, remove } });
    });
}

async function run(io: CliIo, command: Command, request: MemberRequest): Promise<void> {
  const values = memberValues(command);
  const { ifMatch } = values;
  print(io, values, await askMembers(io, values, { ...request, ...(ifMatch !== undefined && { ifMatch }) }));
}

async function replace(io: CliIo, command: Command, { old, id }: { old: string; id: string }): Promise<void> {
  const values = memberValues(command);
  const before = membersIn(await askMembers(io, values, { method: "GET", path: route }));
  if (!before.some((member) => member.id === old)) {
    throw new UsageError(`${old} is not a member`, `The members are ${before.map((member) => member.id).join(", ")}.`);
  }
  // Whoever was interrupted may start the same command again.
  if (!before.some((member) => member.id === id)) {
    await askMembers(io, values, { method: "POST", path: route, body: newMember(id, values) });
  }
  io.stderr(`${id} is added and catches up\n`);
  const withinMs = values.timeoutMs ?? replaceWithinMs;
  const deadline = performance.now() + withinMs;
  for (;;) {
    const members = membersIn(await askMembers(io, values, { method: "GET", path: route }));
    if (members.some((member) => member.id === id && member.role === "voter")) break;
    if (performance.now() >= deadline) throw notPromoted({ old, id, withinMs });
    await pause(lookEveryMs);
  }
  io.stderr(`${id} has a vote; removing ${old}\n`);
  // Never forced: with a vote more than before, the removal is only refused if a voter has fallen silent since. Whether that
  // one is given up is a decision that nobody can have made before.
  print(io, values, await askMembers(io, values, { method: "DELETE", path: pathOf(old, {}) }));
}

function print(io: CliIo, { output }: SharedValues, answer: MemberAnswer): void {
  if (output === "json") {
    io.stdout(`${JSON.stringify({ schemaVersion: 1, ...answer })}\n`);
    return;
  }
  const members = membersIn(answer);
  const head = ["NODE", "ROLE", "PEER", "HTTP", "MATCH", "LAG", "BEHIND", "LAST CONTACT", "STORE"];
  const voters = members.filter(({ role }) => role === "voter").length;
  const learners = members.length - voters;
  const listening = learners === 0 ? "" : ` and ${learners} learner${learners === 1 ? "" : "s"}`;
  const pending = answer["committed"] === true ? "" : ", not committed yet";
  io.stdout(tableText(head, members.map(rowOf)));
  io.stdout(
    `${voters} voter${voters === 1 ? "" : "s"}${listening}, configuration at index ${String(answer["configurationIndex"])}${pending}\n`,
  );
}

function rowOf(member: ListedMember): readonly string[] {
  const { id, role, promotes, priority, leaving, peer, http, matchIndex, lagEntries, lagMs, lastContactMs, store } =
    member;
  const wanted = priority === 0 ? "" : `, priority ${priority}`;
  const suffix = promotes ? " (to be promoted)" : leaving ? " (leaving)" : wanted;
  const isKnown = matchIndex !== undefined;
  return [
    id,
    `${role}${suffix}`,
    peer ?? "-",
    http?.replace(/^http:\/\//, "") ?? "?",
    isKnown ? String(matchIndex) : "-",
    lagEntries === undefined ? "-" : String(lagEntries),
    lagMs === undefined ? (isKnown ? "long" : "-") : durationText(lagMs),
    lastContactMs === undefined ? "-" : durationText(lastContactMs),
    store === "replaced" ? "replaced, waits for readmission" : store === "current" ? "ok" : "-",
  ];
}

function membersIn(answer: MemberAnswer): readonly ListedMember[] {
  const { members } = answer;
  // What the routes of the service write; `schemaVersion` stands for it.
  if (Array.isArray(members)) return members as readonly ListedMember[];
  throw new QuorateError({
    code: "QUORATE_ANSWER_INVALID",
    message: "The answer has no list of members.",
    hint: "Check that the endpoint is a Quorate node of this version.",
  });
}

function notPromoted({ old, id, withinMs }: { old: string; id: string; withinMs: number }): QuorateError {
  return new QuorateError({
    code: "QUORATE_CHANGE_REFUSED",
    message: `${id} was added, but has not caught up within ${withinMs} ms; ${old} was not removed.`,
    hint: `Check that ${id} runs with "join": true. See quorate members list, then start the same command again.`,
    retryable: true,
  });
}

function newMember(id: string, values: MemberValues): object {
  if (values.http === undefined) {
    throw new UsageError("no HTTP address", `Say where ${id} is reached: --peer HOST:PORT --http HOST:PORT.`);
  }
  return { id, ...addressesOf(values), role: values.learner === true ? "learner" : "voter" };
}

function addressesOf({ peer, http, client }: MemberValues): object {
  return {
    ...(peer !== undefined && { peer }),
    ...(http !== undefined && { http }),
    ...(client !== undefined && { client }),
  };
}

function pathOf(id: string, { force }: MemberValues): string {
  return `${route}/${encodeURIComponent(id)}${force === true ? "?force=true" : ""}`;
}

function memberValues(command: Command): MemberValues {
  return { ...command.opts<MemberValues>(), ...valuesOf(command) };
}

function addChangeOptions(command: Command): Command {
  const option = new Option("--if-match <index>", "only if the configuration still stands at this index");
  return addClusterOptions(command).addOption(option.argParser(parseIndex));
}

function addForce(command: Command): Command {
  return command.option("--force", "also if the nodes that answer would be no majority afterwards");
}

function addAddresses(command: Command): Command {
  return command
    .option("--peer <address>", "where other nodes reach it, HOST:PORT")
    .option("--http <address>", "where its HTTP interface is reached, HOST:PORT")
    .option("--client <address>", "where programs reach it, HOST:PORT");
}

function idsOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => text.split(","));
}

function parsePriority(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 100) return value;
  throw new InvalidArgumentError("It must be a whole number from 0 to 100.");
}

function parseIndex(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("It must be the index that quorate members list prints.");
}
