// A client: calls one operation after the other at whichever node it believes to lead, and writes down what it saw. It sends an
// operation again only if the operation says that it may: the first try may come true later.

import type { ClientCommand, ClientRead } from "../checkers/checker.ts";
import type { Inspector } from "../checkers/inspector.ts";
import type { CallFailure, Program } from "../levels/program.ts";
import type { Machine } from "../machine.ts";
import type { Reached } from "../reached.ts";
import type { SeededRandom } from "../world/random.ts";
import type { World } from "../world/world.ts";
import type { HistoryEvent, HistoryRecorder } from "./history.ts";
import type { Json, Operation, Recorded, Workload } from "./operation.ts";

/** How long a client waits for any answer, in ms. */
const PATIENCE_MS = 1_500;
/** How long a client goes on to repeat an operation, in ms. */
const REPEAT_MS = 6_000;
/** The longest pause between two tries, in ms. */
const PAUSE_MS = 100;

/** What all clients of a run share. */
export type Office<Query, Answer, Result> = {
  readonly world: World;
  readonly inspector: Inspector;
  readonly reached: Reached;
  readonly machines: readonly Machine<Query, Answer, Result>[];
  readonly workload: Workload<Query, Answer, Result>;
  readonly thinkMs: number;
  /** Whether half of the reads trust the clock. */
  readonly hasLeases: boolean;
  readonly history: HistoryRecorder;
  readonly counts: { invoked: number; ok: number; failed: number; unknown: number };
  /** Process numbers that are taken. */
  processes: number;
  /** The highest index that any client has heard of. */
  knownIndex: number;
  /** Clients begin no more operations. */
  isClosing: boolean;
  /** When the latest successful operation began. */
  latestSuccessBegunMs: number;
};

/** How a call ended: what the history says, and where the state stood. */
type Ending =
  | { readonly type: "ok" | "fail"; readonly value?: Json | undefined; readonly index: number }
  /** Final if no repetition can tell either. */
  | { readonly type: "info"; readonly isFinal?: true }
  /** It certainly had no effect, and nothing was learnt. */
  | { readonly type: "refused" };

/** What comes to a client: how its call ended, or an answer that it has to make sense of. */
type News =
  | Exclude<Ending, { readonly index: number }>
  | { readonly type: "answered"; readonly record: () => Recorded; readonly index: number };

type Call<Query, Answer, Result> = {
  readonly operation: Operation<Query, Answer, Result>;
  readonly number: number;
  readonly begunMs: number;
  readonly seenBefore: number;
  /** Where the history has its beginning. */
  readonly place: number;
  /** A try has ended without anybody knowing how. */
  isUnknown: boolean;
  isOver: boolean;
};

/** One try of a call. */
type Attempt<Query, Answer, Result> = {
  readonly call: Call<Query, Answer, Result>;
  readonly command: ClientCommand;
  isOver: boolean;
};

/** One client. */
export class Client<Query, Answer, Result> {
  readonly #office: Office<Query, Answer, Result>;
  readonly #number: number;
  readonly #random: SeededRandom;
  #process: number;
  #target: Machine<Query, Answer, Result>;
  #open: Call<Query, Answer, Result> | undefined;

  constructor(office: Office<Query, Answer, Result>, random: SeededRandom) {
    this.#office = office;
    this.#random = random;
    this.#number = office.processes;
    this.#process = this.#number;
    office.processes += 1;
    this.#target = random.pick(office.machines);
  }

  get isIdle(): boolean {
    return this.#open === undefined;
  }

  /** Begins to work after a pause. */
  think(): void {
    const { world, thinkMs } = this.#office;
    world.after(this.#random.between(0, thinkMs), () => {
      if (!this.#office.isClosing) this.#invoke();
    });
  }

  #invoke(): void {
    const { world, workload, counts, history, knownIndex } = this.#office;
    counts.invoked += 1;
    const number = counts.invoked;
    const operation = workload({ random: this.#random.next, client: this.#number, operation: number });
    const place = history.push(this.#event(operation, "invoke", operation.value));
    const state = { isUnknown: false, isOver: false };
    const call = { operation, number, begunMs: world.nowMs, seenBefore: knownIndex, place, ...state };
    this.#open = call;
    world.trace.note(world.nowMs, "invoke", this.#target.id, number, `${operation.f} ${operation.key ?? ""}`);
    this.#try(call);
  }

  #try(call: Call<Query, Answer, Result>): void {
    const { world, inspector } = this.#office;
    const { operation, number } = call;
    const command = { operation: number, client: this.#number, ...bytesOf(call) };
    const attempt = { call, command, isOver: false };
    if ("command" in operation) inspector.attempted(command);
    // A read that any node may answer goes to any of them.
    else if (mayForward(command)) this.#target = this.#random.pick(this.#office.machines);
    world.after(this.#wireMs(), () => this.#arrive(attempt, this.#target));
    world.after(PATIENCE_MS, () => this.#ended(attempt, { type: "command" in operation ? "info" : "refused" }));
  }

  /** The request is at the node. */
  #arrive(attempt: Attempt<Query, Answer, Result>, target: Machine<Query, Answer, Result>): void {
    const { world } = this.#office;
    const { process } = target;
    if (process === undefined) {
      this.#refused(attempt);
      world.after(this.#wireMs(), () => this.#ended(attempt, { type: "refused" }));
      return;
    }
    const answer = (news: News): void => void world.after(this.#wireMs(), () => this.#ended(attempt, news));
    const begin = (): void => {
      const { program } = target;
      if (program !== undefined) this.#call(attempt, { target, program, answer });
      else {
        this.#refused(attempt);
        answer({ type: "refused" });
      }
    };
    if (process.isPaused) process.post(0, begin);
    else begin();
  }

  #call(
    attempt: Attempt<Query, Answer, Result>,
    {
      target,
      program,
      answer,
    }: {
      readonly target: Machine<Query, Answer, Result>;
      readonly program: Program<Query, Answer, Result>;
      readonly answer: (news: News) => void;
    },
  ): void {
    const { call, command } = attempt;
    const { operation } = call;
    const { inspector, world, hasLeases } = this.#office;
    if ("command" in operation) {
      program.propose(command.data, (outcome) => {
        if ("failure" in outcome) return answer(this.#onFailure(attempt, outcome.failure));
        const { index, term, result } = outcome.value;
        inspector.acknowledged(command, { index, term });
        return answer({ type: "answered", record: () => recorded(operation.record?.(result), result), index });
      });
      return;
    }
    const arrivedMs = world.nowMs;
    const asked = hasLeases && command.operation % 2 === 0 ? "lease" : "linearizable";
    const forward = mayForward(command);
    program.query(operation.query, { consistency: asked, forward }, (outcome) => {
      if ("failure" in outcome) return answer(this.#onFailure(attempt, outcome.failure));
      const { answer: value, index, consistency } = outcome.value;
      this.#wasRead({
        client: command.client,
        node: target,
        consistency,
        isForwarded: forward,
        arrivedMs,
        index,
        seenBefore: call.seenBefore,
      });
      return answer({ type: "answered", record: () => recorded(operation.record?.(value), value), index });
    });
  }

  #wasRead(read: ClientRead): void {
    const { inspector, reached } = this.#office;
    inspector.read(read);
    reached.counters.readsAnswered += 1;
    if (read.isForwarded && read.node.status?.role !== "leader") reached.counters.readsForwarded += 1;
    if (read.consistency === "lease") reached.counters.leaseReads += 1;
  }

  #onFailure(attempt: Attempt<Query, Answer, Result>, { code, message, outcome, leaderId }: CallFailure): News {
    const { inspector, machines, reached } = this.#office;
    if (code === undefined) {
      // A query that the state machine cannot answer is a mistake of the workload or of the machine.
      inspector.report("workload", `operation ${attempt.call.number} failed: ${message}`);
      return { type: "refused" };
    }
    this.#target = machines.find(({ id }) => id === leaderId) ?? this.#random.pick(machines);
    const isCommand = "command" in attempt.call.operation;
    if (code === "QUORATE_PROPOSAL_DROPPED") reached.counters.proposalsDropped += 1;
    if (!isCommand && code === "QUORATE_NO_LEADER") reached.counters.readsLost += 1;
    if (outcome === "unknown" && isCommand) return { type: "info" };
    this.#refused(attempt);
    return { type: "refused" };
  }

  #refused({ call, command }: Attempt<Query, Answer, Result>): void {
    this.#office.reached.counters.definiteRefusals += 1;
    if ("command" in call.operation) this.#office.inspector.refused(command);
  }

  /** The answer to a try is at the client, or its patience is over. */
  #ended(attempt: Attempt<Query, Answer, Result>, news: News): void {
    if (attempt.isOver) return;
    attempt.isOver = true;
    const { call } = attempt;
    const ending = news.type === "answered" ? this.#understood(call, news) : news;
    const { world, machines, reached } = this.#office;
    const isRepeatable = "repeatable" in call.operation && call.operation.repeatable !== undefined;
    if (ending.type === "info" && ending.isFinal) reached.counters.expiredSessions += 1;
    if ("index" in ending || "isFinal" in ending || !isRepeatable) {
      this.#end(call, ending);
      return;
    }
    call.isUnknown ||= ending.type === "info";
    if (world.nowMs - call.begunMs > REPEAT_MS) {
      this.#end(call, call.isUnknown ? { type: "info" } : { type: "refused" });
      return;
    }
    reached.counters.repetitions += 1;
    if (!this.#target.isLeader) this.#target = this.#random.pick(machines);
    world.after(this.#random.between(0, PAUSE_MS), () => this.#try(call));
  }

  #understood(
    { number }: Call<Query, Answer, Result>,
    { record, index }: Extract<News, { readonly type: "answered" }>,
  ): Ending {
    try {
      const { type, value } = record();
      return type === "info" ? { type, isFinal: true } : { type, value, index };
    } catch (error) {
      // An answer that makes no sense is a mistake of the workload or of the machine.
      this.#office.inspector.report("workload", `operation ${number} failed: ${String(error)}`);
      return { type: "refused" };
    }
  }

  #end(call: Call<Query, Answer, Result>, ending: Ending): void {
    call.isOver = true;
    const { world, machines } = this.#office;
    world.trace.note(world.nowMs, ending.type, `client ${this.#number}`, "index" in ending ? ending.index : 0);
    this.#record(call, ending);
    if (!("index" in ending) && !this.#target.isLeader) this.#target = this.#random.pick(machines);
    this.#open = undefined;
    this.think();
  }

  #record({ operation, place, begunMs }: Call<Query, Answer, Result>, ending: Ending): void {
    const { history, counts, reached } = this.#office;
    switch (ending.type) {
      case "refused":
        counts.failed += 1;
        history.remove(place);
        return;
      case "info":
        counts.unknown += 1;
        reached.counters.unknownOutcomes += 1;
        history.push(this.#event(operation, "info", operation.value));
        // It may still take effect, so this process can never say that it is over.
        this.#process = this.#office.processes;
        this.#office.processes += 1;
        return;
      case "ok":
      case "fail":
        counts.ok += 1;
        history.push(this.#event(operation, ending.type, ending.value));
        this.#office.knownIndex = Math.max(this.#office.knownIndex, ending.index);
        this.#office.latestSuccessBegunMs = Math.max(this.#office.latestSuccessBegunMs, begunMs);
    }
  }

  #event(
    { f, key }: Operation<Query, Answer, Result>,
    type: HistoryEvent["type"],
    value: Json | undefined,
  ): HistoryEvent {
    const time = Math.round(this.#office.world.nowMs * 1e6);
    return {
      process: this.#process,
      type,
      f,
      ...(key !== undefined && { key }),
      ...(value !== undefined && { value }),
      time,
    };
  }

  /** Between a client and a node. */
  #wireMs(): number {
    return this.#random.between(0.1, 2);
  }
}

/** Some reads are asked of whoever it is, and nodes that do not lead ask their leader. */
function mayForward({ operation }: ClientCommand): boolean {
  return operation % 3 === 0;
}

/** A copy of its own tells the command of each try from every other one, whatever the workload does with its bytes. */
function bytesOf<Query, Answer, Result>(call: Call<Query, Answer, Result>) {
  const { operation } = call;
  if (!("command" in operation)) return { data: new Uint8Array(0) };
  const { repeatable } = operation;
  const data = operation.command.slice();
  if (repeatable === undefined) return { data };
  // The result comes from the state machine that the operation was made for.
  const answer = (result: unknown): string | undefined => repeatable.answer(result as Result);
  const isExpired = (result: unknown): boolean => repeatable.isExpired?.(result as Result) ?? false;
  return { data, repeatable: { answer, isExpired, isOver: () => call.isOver } };
}

/** A result goes into the history as it is unless the operation says otherwise. */
function recorded(explicit: Recorded | undefined, result: unknown): Recorded {
  return explicit ?? { type: "ok", value: result as Json };
}
