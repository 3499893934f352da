// Carries out what the page asks for, at once: unlike keys, a command does not wait for what the cluster makes of it. What
// cannot be done is refused with a reason; what is done is told first, because the cluster answers within milliseconds.

import * as v from "valibot";
import { type LinkSettings, networkQualities } from "../network-plan.ts";
import { leaderOf } from "../observer.ts";
import type { Session } from "../session.ts";
import type { Story } from "../story.ts";
import type { Command, NetworkPreset } from "./protocol.ts";

/** A command that cannot be carried out, with a reason for people. */
export class CommandRefused extends Error {
  override readonly name: string = "CommandRefused";
  readonly status: 400 | 404 | 409;

  constructor(status: 400 | 404 | 409, reason: string) {
    super(reason);
    this.status = status;
  }
}

/** What commands work on. */
export type CommandTargets = {
  readonly session: Session;
  readonly story: Story;
  /** Ends the run, so that the proof begins. */
  readonly end: () => void;
};

const mostDelayMs = 10_000;

const percent = v.pipe(
  v.number("a percentage is a number"),
  v.minValue(0, "a percentage is at least 0"),
  v.maxValue(100, "a percentage is at most 100"),
);
const delay = v.pipe(
  v.number("a delay is a number of milliseconds"),
  v.minValue(0, "a delay is at least 0 ms"),
  v.maxValue(mostDelayMs, `a delay is at most ${mostDelayMs} ms`),
);
const directionSchema = v.strictObject({ from: v.string(), to: v.string() });
const settingsSchema = v.strictObject({
  cut: v.boolean(),
  lossPercent: percent,
  duplicatePercent: percent,
  reorderPercent: percent,
  delayMs: v.pipe(
    v.tuple([delay, delay]),
    v.check(([least, most]) => least <= most, "the shortest delay is at most as long as the longest"),
  ),
});
const presets = [...networkQualities, "cutOffLeader", "splitMinority", "heal"] as const;
const commandSchema: v.GenericSchema<unknown, Command> = v.variant("type", [
  v.strictObject({ type: v.picklist(["kill", "pause", "resume", "restart"]), node: v.string() }),
  v.strictObject({
    type: v.literal("setLinks"),
    links: v.pipe(v.array(directionSchema), v.minLength(1, "no link is named"), v.maxLength(72)),
    settings: settingsSchema,
  }),
  v.strictObject({ type: v.literal("preset"), preset: v.picklist(presets) }),
  v.strictObject({ type: v.literal("prove") }),
]);

/** Reads a command. Throws `CommandRefused` if it is none. */
export function parseCommand(value: unknown): Command {
  const result = v.safeParse(commandSchema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [{ message, path }] = result.issues;
  const where = path?.map(({ key }) => String(key)).join(".");
  throw new CommandRefused(400, `This is no command: ${where === undefined ? "" : `${where}: `}${message}.`);
}

/** Carries a command out; resolves when it has taken effect. Rejects with `CommandRefused` if it makes no sense now. */
export async function carryOut(command: Command, targets: CommandTargets): Promise<void> {
  const { session } = targets;
  if (session.phase !== "running") throw new CommandRefused(409, "The run has ended: nothing can be done to it now.");
  switch (command.type) {
    case "kill":
      return kill(command.node, targets);
    case "pause":
      return pause(command.node, targets);
    case "resume":
      checkNode(session, command.node);
      if (session.cluster.isPaused(command.node)) return session.resume(command.node);
      throw new CommandRefused(409, `${command.node} is not paused.`);
    case "restart":
      return restart(command.node, targets);
    case "setLinks":
      return setLinks(command, targets);
    case "preset":
      return applyPreset(command.preset, targets);
    case "prove":
      targets.end();
  }
}

async function kill(id: string, { session }: CommandTargets): Promise<void> {
  checkRuns(session, id);
  session.tellOfBlow(`${id} killed (SIGKILL)`);
  await session.cluster.kill(id);
}

function pause(id: string, { session }: CommandTargets): void {
  checkRuns(session, id);
  if (session.cluster.isPaused(id)) throw new CommandRefused(409, `${id} is paused already.`);
  session.cluster.pause(id);
  session.tellOfBlow(`${id} paused (SIGSTOP)`);
}

/** That it has caught up is told later. */
function restart(id: string, { session, story }: CommandTargets): void {
  checkNode(session, id);
  if (session.cluster.isRunning(id)) throw new CommandRefused(409, `${id} is running already.`);
  story.tell(`${id} started again`, "repair");
  session.restart(id).catch((error: unknown) => {
    story.tell(error instanceof Error ? error.message : String(error));
  });
}

async function setLinks(
  { links, settings }: Extract<Command, { readonly type: "setLinks" }>,
  { session, story }: CommandTargets,
): Promise<void> {
  for (const { from, to } of links) checkLink(session, from, to);
  session.network.set(links, settings);
  const named = links.map(({ from, to }) => `${from}→${to}`).join(", ");
  const faults = describeFaults(settings);
  if (faults === "") story.tell(`${named} whole and good`, "repair");
  else session.tellOfBlow(`${named} ${faults}`);
  await session.applyNetwork();
}

async function applyPreset(preset: NetworkPreset, { session, story }: CommandTargets): Promise<void> {
  const { network } = session;
  switch (preset) {
    case "good":
      network.setQuality("good");
      story.tell("network is good again, apart from what is cut", "repair");
      return session.applyNetwork();
    case "bad":
      network.setQuality("bad");
      session.tellOfBlow("network is bad: messages between the nodes are lost, doubled, late and out of order");
      return session.applyNetwork();
    case "cutOffLeader": {
      const leader = await leaderNow(session);
      if (leader === undefined) throw new CommandRefused(409, "There is no leader at the moment.");
      return splitOff([leader], session);
    }
    case "splitMinority":
      return splitOff(await minorityWithLeader(session), session);
    case "heal":
      return session.heal();
  }
}

async function splitOff(group: readonly string[], session: Session): Promise<void> {
  const others = session.cluster.members.map(({ id }) => id).filter((id) => !group.includes(id));
  if (group.length === 0 || others.length === 0) throw new CommandRefused(409, "There are too few nodes to part them.");
  session.network.partition(group);
  session.tellOfBlow(`${group.join(", ")} cut off from ${others.join(", ")}`);
  await session.applyNetwork();
}

/** The largest group that is no majority; the leader, whom this hurts most, is in it. */
async function minorityWithLeader(session: Session): Promise<readonly string[]> {
  const ids = session.cluster.members.map(({ id }) => id);
  const size = Math.floor((ids.length - 1) / 2);
  const leader = await leaderNow(session);
  return ids.toSorted((a, b) => Number(b === leader) - Number(a === leader)).slice(0, size);
}

async function leaderNow({ observer }: Session): Promise<string | undefined> {
  return leaderOf(await observer.statuses())?.id;
}

function checkNode({ cluster }: Session, id: string): void {
  if (cluster.members.some((member) => member.id === id)) return;
  throw new CommandRefused(404, `There is no node ${JSON.stringify(id.slice(0, 40))}.`);
}

function checkRuns(session: Session, id: string): void {
  checkNode(session, id);
  if (!session.cluster.isRunning(id)) throw new CommandRefused(409, `${id} is down already.`);
}

function checkLink(session: Session, from: string, to: string): void {
  checkNode(session, from);
  checkNode(session, to);
  if (from === to) throw new CommandRefused(400, `A node's way to itself cannot be changed: ${from}.`);
}

function describeFaults({ cut, lossPercent, duplicatePercent, reorderPercent, delayMs }: LinkSettings): string {
  if (cut) return "cut";
  const [least, most] = delayMs;
  const faults = [
    ...(lossPercent > 0 ? [`${lossPercent} % lost`] : []),
    ...(duplicatePercent > 0 ? [`${duplicatePercent} % doubled`] : []),
    ...(reorderPercent > 0 ? [`${reorderPercent} % overtaken`] : []),
    ...(most > 0 ? [`late by ${least} to ${most} ms`] : []),
  ];
  return faults.join(", ");
}
