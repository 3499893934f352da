// The public face of @quorate/counter: what is exported here is the package's interface.

export { decodeCommand, encodeCommand } from "./state-machine/command.ts";
export type {
  Command,
  CounterAdd,
  DecodedCommand,
  Precondition,
  RegisterCompareAndSet,
  RegisterDelete,
  RegisterSet,
} from "./state-machine/command.ts";
export { canonicalJson } from "./state-machine/json-value.ts";
export type { CanonicalJson, JsonValue } from "./state-machine/json-value.ts";
export { CounterMachine } from "./state-machine/machine.ts";
export type { AnswerTableLimits } from "./state-machine/answer-table.ts";
export type { Answer, CommandResult, Query, RegisterState, Result } from "./state-machine/result.ts";
export { startService } from "./service.ts";
export type { ClientPortParts, RunningService, ServiceOptions } from "./service.ts";
export type { HttpHandler } from "./http/app.ts";
