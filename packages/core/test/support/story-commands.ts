// The sentences that a story can give as commands, and what they do.

import type { MembershipChange, RaftOptions } from "../../src/index.ts";
import { bytes } from "./lone-server.ts";
import { sayEntry, sayMessage } from "./story-words.ts";
import { StoryWorld } from "./story-world.ts";

type Command = {
  readonly pattern: RegExp;
  readonly act: (world: StoryWorld, ...words: readonly string[]) => void;
};

const OPENING = /^cluster (n\d[n\d ]*?)(?:, learners (n\d[n\d ]*))?(?:; (.+))?$/;

/** Begins a story: `cluster n1 n2 n3, learners n4; pre-vote off`. */
export function open(command: string): StoryWorld {
  const [, voters = "", learners = "", settings = ""] = OPENING.exec(command) ?? [];
  if (voters === "") throw new Error(`a story begins with "cluster n1 n2 n3", not with "${command}"`);
  return new StoryWorld(list(voters), list(learners), optionsOf(settings));
}

function optionsOf(settings: string): Partial<RaftOptions> {
  const has = (words: string) => settings.split(", ").includes(words);
  return {
    protection: { preVote: has("pre-vote"), leaderLease: has("leader lease"), checkQuorum: has("check-quorum") },
    reads: { lease: has("lease reads") },
    limits: has("one entry per message") ? { maxAppendBytes: 1 } : {},
  };
}

/** Does what a line says. */
export function perform(world: StoryWorld, line: string): void {
  for (const { pattern, act } of commands) {
    const found = pattern.exec(line);
    if (found !== null) return act(world, ...found.slice(1).map((word) => word ?? ""));
  }
  throw new Error(
    `no story knows the command "${line}"; the commands are:\n${commands.map(({ pattern }) => pattern.source).join("\n")}`,
  );
}

const commands: readonly Command[] = [
  { pattern: /^(n\d) times out$/, act: (world, id = "") => world.act(id, (raft) => raft.campaign()) },
  { pattern: /^(\d+) ms pass$/, act: (world, ms) => world.pass(Number(ms)) },
  { pattern: /^(\d+) ms pass, and everything arrives, quietly$/, act: passInPeace },
  { pattern: /^(n\d) leads$/, act: elect },
  { pattern: /^everything arrives$/, act: (world) => deliverAll(world) },
  { pattern: /^everything arrives, quietly$/, act: (world) => quietly(world, () => deliverAll(world)) },
  { pattern: /^one round arrives$/, act: (world) => void world.deliver(() => true) },
  {
    pattern: /^(n\d) -> (n\d) arrives$/,
    act: (world, from, to) => void world.deliver((message) => message.from === from && message.to === to),
  },
  {
    pattern: /^the first message (n\d) -> (n\d) arrives$/,
    act: (world, from, to) => world.deliverOne(world.inFlight.find((each) => each.from === from && each.to === to)),
  },
  {
    pattern: /^the last message (n\d) -> (n\d) arrives$/,
    act: (world, from, to) => world.deliverOne(world.inFlight.findLast((each) => each.from === from && each.to === to)),
  },
  { pattern: /^(n\d) -> (n\d) is repeated$/, act: repeat },
  { pattern: /^everything is lost$/, act: (world) => lose(world, () => true) },
  {
    pattern: /^(n\d) -> (n\d) is lost$/,
    act: (world, from, to) => lose(world, (each) => each.from === from && each.to === to),
  },
  { pattern: /^in flight$/, act: (world) => tellInFlight(world) },
  { pattern: /^(n\d) is cut off$/, act: cutOff },
  { pattern: /^(n\d) no longer hears (n\d)$/, act: (world, to = "", from = "") => world.cut(from, to) },
  { pattern: /^the network heals$/, act: (world) => world.heal() },
  { pattern: /^(n\d) crashes$/, act: (world, id = "") => world.crash(id) },
  { pattern: /^(n\d) restarts$/, act: (world, id = "") => world.restart(id) },
  { pattern: /^the disk of (n\d) stalls$/, act: (world, id = "") => void (world.server(id).isStalled = true) },
  { pattern: /^the disk of (n\d) works again$/, act: resumeDisk },
  { pattern: /^(n\d) joins the network$/, act: (world, id = "") => world.addServer(id) },
  { pattern: /^(n\d) proposes (\S+)$/, act: propose },
  { pattern: /^(n\d) reads$/, act: (world, id = "") => world.act(id, (raft) => raft.readIndex(), report(world, id)) },
  { pattern: /^(n\d) has a read lease\?$/, act: askLease },
  {
    pattern: /^(n\d) hands over to (n\d)$/,
    act: (world, id = "", to = "") => world.act(id, (raft) => raft.transferLeadership(to), report(world, id)),
  },
  { pattern: /^(n\d) changes the membership: (.+?)(, by force)?$/, act: change },
  {
    pattern: /^(n\d) takes a snapshot$/,
    act: (world, id = "") => world.tell(id, `has a snapshot up to ${world.takeSnapshot(id)}`),
  },
  { pattern: /^(n\d) sends its snapshot to (n\d)$/, act: (world, from = "", to = "") => world.sendSnapshot(from, to) },
  {
    pattern: /^why (n\d)\?$/,
    act: (world, id = "") =>
      void world.trace.push(
        ...world
          .server(id)
          .raft.explain()
          .split("\n")
          .map((line) => `  ${line}`),
      ),
  },
  { pattern: /^look$/, act: look },
];

/** Shorthand for the beginning of a story about something else: this server is elected, and everybody knows. */
function elect(world: StoryWorld, id = ""): void {
  quietly(world, () => {
    world.act(id, (raft) => raft.campaign());
    deliverAll(world);
    world.pass(50);
    deliverAll(world);
  });
  if (!world.server(id).raft.isLeader) throw new Error(`${id} was not elected`);
}

function quietly(world: StoryWorld, act: () => void): void {
  const { length } = world.trace;
  act();
  world.trace.length = length;
}

function deliverAll(world: StoryWorld): void {
  for (let rounds = 0; world.deliver(() => true) > 0; rounds++) {
    if (rounds > 100) throw new Error("the servers never stop talking");
  }
}

function passInPeace(world: StoryWorld, ms = ""): void {
  quietly(world, () => {
    for (let passed = 0; passed < Number(ms); passed += 10) {
      world.pass(10);
      deliverAll(world);
    }
  });
}

function repeat(world: StoryWorld, from = "", to = ""): void {
  const twice = world.inFlight.filter((message) => message.from === from && message.to === to);
  world.inFlight.push(...twice.map((message) => ({ ...message })));
}

function lose(world: StoryWorld, isMeant: (message: StoryWorld["inFlight"][number]) => boolean): void {
  for (const message of world.inFlight.filter(isMeant)) {
    world.trace.push(`${message.from} -> ${message.to}: ${sayMessage(message)} (lost)`);
  }
  world.inFlight = world.inFlight.filter((message) => !isMeant(message));
}

function tellInFlight(world: StoryWorld): void {
  for (const message of world.inFlight) world.trace.push(`${message.from} -> ${message.to}: ${sayMessage(message)}`);
}

function cutOff(world: StoryWorld, id = ""): void {
  for (const other of world.ids) {
    world.cut(id, other);
    world.cut(other, id);
  }
}

function resumeDisk(world: StoryWorld, id = ""): void {
  world.server(id).isStalled = false;
  world.completeWrites(id);
}

function propose(world: StoryWorld, id = "", command = ""): void {
  world.act(id, (raft) => raft.propose(bytes(command)), report(world, id));
}

function askLease(world: StoryWorld, id = ""): void {
  const index = world.server(id).raft.leaseReadIndex(world.now);
  world.tell(id, index === undefined ? "has no lease now" : `may read as of ${index}`);
}

function change(world: StoryWorld, id = "", what = "", force = ""): void {
  const changes = what.split(", ").map(changeOf);
  world.act(id, (raft) => raft.proposeConfiguration({ changes, force: force !== "" }), report(world, id));
}

function changeOf(words: string): MembershipChange {
  const [verb = "", id = ""] = words.split(" ");
  const types = { add: "addLearner", promote: "promote", demote: "demote", remove: "remove" } as const;
  const type = Object.entries(types).find(([known]) => known === verb)?.[1];
  if (type === undefined) throw new Error(`"${words}" is no change; say add, promote, demote or remove`);
  return { type, id };
}

type Result = {
  readonly accepted: boolean;
  readonly index?: number;
  readonly term?: number;
  readonly readId?: number;
  readonly to?: string;
  readonly reason?: string;
  readonly leaderId?: string | undefined;
};

function report(world: StoryWorld, id: string): (result: Result) => void {
  return ({ accepted, index, term, readId, to, reason, leaderId }) => {
    if (!accepted) world.tell(id, `refuses: ${reason ?? "?"}${leaderId === undefined ? "" : `, ask ${leaderId}`}`);
    else if (index !== undefined) world.tell(id, `takes it as ${index}:${term ?? 0}`);
    else if (readId !== undefined) world.tell(id, `takes it as read ${readId}`);
    else world.tell(id, `agrees to hand over to ${to ?? "?"}`);
  };
}

function look(world: StoryWorld): void {
  for (const id of world.ids) {
    const { raft, isUp, disk } = world.server(id);
    const { role, term, commitIndex, firstIndex } = raft.status();
    const entries = disk.entries
      .filter(({ index }) => index >= firstIndex)
      .map(sayEntry)
      .join(", ");
    world.tell(
      id,
      `${isUp ? `is ${role}` : "is down"} in term ${term}, committed ${commitIndex}, on disk [${entries}]`,
    );
  }
}

function list(words: string): readonly string[] {
  return words.split(" ").filter((word) => word !== "");
}
