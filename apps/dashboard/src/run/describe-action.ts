// The faults of a script in words.

import type { Action, LinkName } from "@quorate/simulator";

/** What goes wrong. */
export function describeAction(action: Action): string {
  switch (action.fault) {
    case "partition":
      return `the network splits for ${time(action.forMs)}: ${links(action.links)} cut`;
    case "isolate":
      return `a node is cut off for ${time(action.forMs)}: ${links(action.links)} cut`;
    case "oneWay":
      return `for ${time(action.forMs)} nothing goes over ${links(action.links)}`;
    case "bridge":
      return `two groups share one node for ${time(action.forMs)}: ${links(action.links)} cut`;
    case "flap":
      return `${links(action.links)} go down and up ${Math.ceil(action.periodsMs.length / 2)} times`;
    case "slowLink":
      return `${links(action.links)} take ${time(action.messageMs)} a message for ${time(action.forMs)}`;
    case "crash":
      return `${action.node} crashes and is away for up to ${time(action.downMs)}`;
    case "crashMidTurn":
      return `${action.node === "next leader" ? "the next leader" : action.node} crashes after ${action.effects} more effects`;
    case "crashAll":
      return `${Object.keys(action.downMs).join(", ")} crash at once`;
    case "pause":
      return `${action.node} stands still for ${time(action.forMs)}`;
    case "transfer":
      return `${action.node} is asked to hand leadership over${action.to === undefined ? "" : ` to ${action.to}`}`;
    case "membership":
      return `${action.node} is asked to change the members: ${action.changes.map(describeChange).join(", ")}`;
    case "diskStall":
      return `the disk of ${action.node} completes nothing for ${time(action.forMs)}`;
    case "diskError":
      return `the disk of ${action.node} fails`;
    case "diskFull":
      return `the disk of ${action.node} is full`;
    case "bitRot":
      return `a bit changes on the disk of ${action.node}, in ${action.index === undefined ? "the snapshot" : `entry ${action.index}`}`;
    case "misdirectedWrite":
      return `the disk of ${action.node} has entry ${action.index} where entry ${action.over} belongs`;
    case "lostSnapshot":
      return `the snapshot on the disk of ${action.node} is gone`;
    case "applyError":
      return `the state machine of ${action.node} throws in the middle of its next batch`;
    case "upgrade":
      return `${action.node} is stopped and started with build ${action.build}`;
    case "wipe":
      return `${action.node} loses its disk and is away for up to ${time(action.downMs)}`;
    case "wrongCluster":
      return `${action.node} is started under another cluster's name`;
  }
}

/** The links that an action cuts, and until when at the latest, in ms after it began; undefined if it cuts none. */
export function cutsOf(action: Action): { readonly links: readonly LinkName[]; readonly forMs: number } | undefined {
  switch (action.fault) {
    case "partition":
    case "isolate":
    case "oneWay":
    case "bridge":
      return action;
    default:
      return undefined;
  }
}

type Change = Extract<Action, { readonly fault: "membership" }>["changes"][number];

function describeChange(change: Change): string {
  return `${change.type} ${change.id}`;
}

/** Links that are cut in both directions are named once. */
function links(names: readonly LinkName[]): string {
  const all = new Set<string>(names);
  const told = names.flatMap((name) => {
    const [from = "", to = ""] = name.split(">");
    if (!all.has(`${to}>${from}`)) return [`${from}→${to}`];
    return from < to ? [`${from}↔${to}`] : [];
  });
  return told.join(", ");
}

function time(ms: number): string {
  return `${ms >= 100 ? Math.round(ms) : Number(ms.toPrecision(2))} ms`;
}
