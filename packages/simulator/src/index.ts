// Whole clusters in virtual time from one seed.

export { presentBuild } from "./builds/build.ts";
export type { Build, SimulatedNode } from "./builds/build.ts";
export { simulate } from "./simulate.ts";
export { SimulationFailure } from "./failure.ts";
export { parseScenario, PLAYGROUND_URL, playgroundLink, readPlaygroundLink, scenarioText } from "./scenario.ts";
export type { SimulationResult } from "./result.ts";
export type { ReachedCounters } from "./reached.ts";
export type { Level, Settings, SimulationOptions, SnapshotSettings } from "./options.ts";
export type { NodeView, SimulationStep, StepEvent } from "./step.ts";
export type { Action, LinkName, TimedAction } from "./faults/action.ts";
export { countsOf, describeClasses, faultClasses } from "./faults/fault-classes.ts";
export type { CounterName, Counts, FaultClass } from "./faults/fault-classes.ts";
export { allFaults, faultKinds, noFaults } from "./faults/fault-options.ts";
export type { FaultChoice, FaultKind, FaultOptions } from "./faults/fault-options.ts";
export { historyText } from "./workload/history.ts";
export type { HistoryEvent } from "./workload/history.ts";
export { Registers, registers } from "./workload/registers.ts";
export type { RegisterOptions, RegisterResult } from "./workload/registers.ts";
export type {
  CommandOperation,
  Draw,
  Json,
  Operation,
  QueryOperation,
  Recorded,
  Repeatable,
  Workload,
} from "./workload/operation.ts";
