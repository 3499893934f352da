// Sessions: commands that take effect once however often they are repeated. The half of the servers wraps a state machine;
// clients, servers and tests share the encoders.

export {
  decodeEnvelope,
  encodeClose,
  encodeKeepAlive,
  encodeOpen,
  encodePlain,
  encodeSessionCommand,
} from "./envelope.ts";
export type { SessionCommand, SessionEnvelope, SessionKeepAlive } from "./envelope.ts";
export { defaultSessionLimits } from "./limits.ts";
export type { SessionLimits } from "./limits.ts";
export { decodeSessionAnswer, encodeSessionAnswer, sessionError } from "./result.ts";
export type { SessionAnswer, SessionRefusal, SessionResult } from "./result.ts";
export { Sequencer } from "./sequencer.ts";
export type { Numbered } from "./sequencer.ts";
export { withSessions } from "./with-sessions.ts";
export type { SessionMachine, SessionOptions } from "./with-sessions.ts";
