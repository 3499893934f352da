// The ports between Raft and the world: implement one of them and prove it with the suites of ./conformance.

// The nouns that the ports speak in, so that an adapter needs this package alone.
export type {
  Configuration,
  Entry,
  EntryId,
  EntryKind,
  HardState,
  LogSummary,
  Message,
  MessageType,
  NodeId,
  TermRun,
} from "@quorate/core";
export type { Clock, Random } from "./clock.ts";
export type { Codec, Envelope } from "./codec.ts";
export { crc32 } from "./crc32.ts";
export { codeOf, isQuorateError, QuorateError } from "./errors.ts";
export type { ErrorFacts, Outcome } from "./errors.ts";
export type { LogRange, LogStorage, LogStorageSupports, LogWrite, StoredState, StoreIdentity } from "./log-storage.ts";
export type {
  SnapshotPosition,
  SnapshotReader,
  SnapshotStore,
  SnapshotWriter,
  StoredSnapshot,
} from "./snapshot-store.ts";
export { RecentMap } from "./recent-map.ts";
export { snapshotBytes, snapshotPieces } from "./snapshot-content.ts";
export type { CommittedCommand, SnapshotContent, StateMachine } from "./state-machine.ts";
export { checkWholeNumber } from "./whole-number.ts";
export type { WholeNumberOption } from "./whole-number.ts";
export { laneOf, lanes } from "./transport.ts";
export type {
  DropReason,
  Lane,
  PeerDirectory,
  Transport,
  TransportEvent,
  TransportIdentity,
  TransportReceiver,
} from "./transport.ts";
