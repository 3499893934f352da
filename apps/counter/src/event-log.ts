// Which of a node's events deserve a line in the log, and how loud. Everything else is for dashboards and traces.

import type { NodeEvent } from "@quorate/node";
import type { Logger } from "pino";

type Level = "trace" | "debug" | "info" | "warn" | "error";

const levels: Readonly<Record<string, Level>> = {
  started: "info",
  roleChanged: "info",
  leaderChanged: "info",
  electionStarted: "info",
  electionWon: "info",
  steppedDown: "warn",
  transferStarted: "info",
  transferAborted: "warn",
  configurationChanged: "info",
  storeReplaced: "warn",
  snapshotInstalled: "info",
  snapshotOutrun: "warn",
  snapshotPostponed: "warn",
  spaceChanged: "warn",
  entriesTruncated: "info",
  peerBehindLog: "warn",
  peerConnected: "info",
  peerDisconnected: "warn",
  peerUnreachable: "warn",
  peerRefused: "warn",
  brokerConnected: "info",
  brokerDisconnected: "warn",
  brokerUnreachable: "warn",
  garbageReceived: "warn",
  certificateLoaded: "info",
  transportWarning: "warn",
  messagesDropped: "warn",
  loopStalled: "warn",
  failed: "error",
  commitAdvanced: "trace",
};

/** Writes one line for the event: its type is the message, its facts are the fields. */
export function logEvent(logger: Logger, event: NodeEvent): void {
  const { type, ...facts } = event;
  logger[levels[type] ?? "debug"](facts, type);
}
