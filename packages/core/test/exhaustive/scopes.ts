// The scopes that are searched: each is small enough to be looked at completely, and together they cover elections, entries,
// crashes and membership changes. The small ones run with every test, the large ones when asked for.

import type { Message } from "../../src/index.ts";
import type { Core, Scope } from "./scope.ts";

type Bounds = Omit<Scope, "core" | "configuration" | "servers" | "protection"> & Partial<Scope>;

/** A core for the search: the real one, or one with the defect of that name. */
export async function openCore(defect?: string): Promise<Core> {
  const mark = defect === undefined ? "core" : `core=${defect}`;
  // The file is the one that is named, with its private fields readable.
  return (await import(/* @vite-ignore */ `../../src/index.ts?${mark}`)) as Core;
}

/** The scope of that name over the given core. */
export function scopeOf(name: string, core: Core): Scope {
  const bounds = { ...smallScopes, ...largeScopes }[name];
  if (bounds === undefined) throw new Error(`no scope "${name}"`);
  // The protections only forbid: what holds without them holds with them.
  const protection = { preVote: false, leaderLease: false, checkQuorum: false };
  return { core, configuration: { voters: ["n1", "n2", "n3"], learners: [] }, servers: {}, protection, ...bounds };
}

const isHeartbeat = ({ type }: Message) => type === "heartbeatRequest" || type === "heartbeatResponse";
const isRefusal = (message: Message) =>
  (message.type === "voteResponse" || message.type === "preVoteResponse") && !message.granted;
const isQuiet = (message: Message) => isHeartbeat(message) || isRefusal(message);
const isAppend = ({ type }: Message) => type === "appendRequest";

const allProtections = { preVote: true, leaderLease: true, checkQuorum: true };
const withLearner = { configuration: { voters: ["n1", "n2"], learners: ["n3"] } };
const twoLeaders = { timeouts: ["n1", "n2"], maxTerm: 2, maxIndex: 0, isLost: isQuiet };
/** n1 and n3 have an entry each that is nowhere else, as in the middle of figure 8; both may lead two terms later. */
const figure8 = {
  servers: { n1: { terms: [1], term: 2 }, n2: { term: 2 }, n3: { terms: [2], term: 3, votedFor: "n3" } },
  timeouts: ["n1", "n3"],
  maxTerm: 4,
  maxIndex: 0,
};
const promotion = [{ type: "promote", id: "n3" }] as const;
const handover = [
  { type: "promote", id: "n3" },
  { type: "demote", id: "n1" },
  { type: "demote", id: "n2" },
] as const;
const retreat = [
  { type: "demote", id: "n2" },
  { type: "demote", id: "n3" },
] as const;
const crash = { crashes: "n1", maxWritesUnderWay: 1 };
/** Two terms, entries of both leaders until the log has three, one crash: with one change, everything bounded at once. */
const everything = { ...twoLeaders, ...crash, maxIndex: 3, commands: 1 };
const removal = [{ type: "remove", id: "n3" }] as const;

/** Searched with every test. */
export const smallScopes: Readonly<Record<string, Bounds>> = {
  elections: { timeouts: ["n1", "n2", "n3"], maxTerm: 2, maxIndex: 0, isLost: isQuiet },
  "elections, refusals and entries": { timeouts: ["n1", "n2", "n3"], maxTerm: 2, maxIndex: 0, isLost: isHeartbeat },
  "elections with a crash": {
    timeouts: ["n1", "n2", "n3"],
    maxTerm: 2,
    maxIndex: 0,
    crashes: "n3",
    isLost: (message) => isHeartbeat(message) || isAppend(message),
  },
  "elections of one server, again": { timeouts: ["n1", "n1", "n2"], maxTerm: 2, maxIndex: 0, isLost: isQuiet },
  "elections with pre-votes and a crash": {
    protection: allProtections,
    timeouts: ["n1", "n2"],
    maxTerm: 2,
    maxIndex: 0,
    crashes: "n3",
    isLost: (message) => isQuiet(message) || isAppend(message),
  },
  heartbeats: { timeouts: ["n1"], maxTerm: 1, maxIndex: 0 },
  "entries in one term": { timeouts: ["n1"], maxTerm: 1, maxIndex: 3, commands: 2, isLost: isHeartbeat },
  "entries over two terms": { ...twoLeaders, maxIndex: 3, commands: 1 },
  "a follower crashes": { ...twoLeaders, ...crash, crashes: "n3" },
  "a leader crashes": { ...twoLeaders, ...crash },
  "a follower crashes among three entries": { ...everything, crashes: "n3" },
  "a leader crashes among three entries": everything,
  "figure 8": { ...figure8, isLost: isQuiet },
  "figure 8 with refusals": { ...figure8, isLost: isHeartbeat },
  "a follower with another tail": {
    servers: { n1: { terms: [1, 1], term: 2 }, n2: { terms: [1, 2], term: 2 }, n3: { terms: [1, 2], term: 2 } },
    timeouts: ["n3"],
    maxTerm: 3,
    maxIndex: 0,
  },
  "a learner is promoted": { ...twoLeaders, ...withLearner, change: promotion },
  "a leader crashes in the middle of a promotion": {
    ...twoLeaders,
    ...withLearner,
    timeouts: ["n1", "n1"],
    change: promotion,
    crashes: "n1",
  },
  "a leader crashes in the middle of a promotion, another one follows": {
    ...twoLeaders,
    ...withLearner,
    ...crash,
    change: promotion,
  },
  "a new voter crashes": { ...twoLeaders, ...withLearner, ...crash, change: promotion, crashes: "n3" },
  "a leader changes voters and goes": { ...twoLeaders, change: [{ type: "remove", id: "n1" }] },
  "joint consensus": { ...twoLeaders, ...withLearner, change: handover },
  "joint consensus and a crash": { ...twoLeaders, ...withLearner, ...crash, timeouts: ["n1", "n3"], change: handover },
  "joint consensus that leaves one voter": { ...twoLeaders, change: retreat },
  "three entries, a removal, and a leader crashes": { ...everything, change: removal },
  "three entries, a removal, and the removed server crashes": { ...everything, change: removal, crashes: "n3" },
  "three entries, joint consensus, and a leader crashes": {
    ...everything,
    ...withLearner,
    timeouts: ["n1", "n3"],
    change: handover,
  },
};

/** Searched when asked for; minutes, and up to 2 GB of memory. */
export const largeScopes: Readonly<Record<string, Bounds>> = {
  "elections, refusals and heartbeats": { timeouts: ["n1", "n2"], maxTerm: 2, maxIndex: 0 },
  "joint consensus that leaves one voter, and a leader crashes": { ...twoLeaders, ...crash, change: retreat },
  "three entries, a promotion, and a leader crashes": { ...everything, ...withLearner, change: promotion },
  "three entries, a promotion, and the new voter crashes": {
    ...everything,
    ...withLearner,
    change: promotion,
    crashes: "n3",
  },
  "three entries, a leader is removed and crashes": { ...everything, change: [{ type: "remove", id: "n1" }] },
  "three entries, a removal, and a leader with a very slow disk crashes": {
    ...everything,
    change: removal,
    maxWritesUnderWay: Number.POSITIVE_INFINITY,
  },
  "three entries, a removal, a crash, and refusals": { ...everything, change: removal, isLost: isHeartbeat },
  "three entries, a removal, a crash, and three candidates": {
    ...everything,
    change: removal,
    timeouts: ["n1", "n2", "n3"],
  },
};
