// The one connection to the broker: made, kept, watched and ended. It is up only while the broker is known to answer, lets
// this server subscribe, and carries messages as large as it sends.

import { connect, type Msg, type NatsConnection, type Subscription } from "@nats-io/transport-node";
import {
  codes,
  describeBrokerError,
  describePayloadLimit,
  describeViolation,
  type Failure,
  startError,
} from "./failure.ts";
import type { Reach, Settings } from "./options.ts";
import { OwnedSockets } from "./owned-sockets.ts";
import { Pause, within } from "./pause.ts";

/** What a link needs to know. */
export type LinkFacts = {
  readonly settings: Settings;
  /** The subject that this server listens on. */
  readonly inbox: string;
  /** Shown in the broker's list of connections. */
  readonly clientName: string;
};

/** What a link tells its owner. Called from the user's context, never from inside another call. */
export type LinkEvents = {
  onUp(broker: string): void;
  onDown(broker: string, failure: Failure): void;
  /** An attempt failed while the link was down; told once per reason. */
  onUnreachable(broker: string, failure: Failure): void;
  /** The broker discarded something that was published. */
  onPublishRefused(subject: string, failure: Failure): void;
  onMessage(subject: string, data: Uint8Array): void;
};

/** Why the link is not up, and the error behind it if there is one. */
type Obstacle = { readonly failure: Failure; readonly cause?: unknown };

type OwnReach = Extract<Reach, { type: "own" }>;

/** Keeps the way to the broker open. */
export class BrokerLink {
  readonly #facts: LinkFacts;
  readonly #events: LinkEvents;
  readonly #sockets: OwnedSockets = new OwnedSockets();
  readonly #pause: Pause = new Pause();
  /** Settled by the first answer: undefined if the link is up, else the reason and what caused it. */
  readonly #first = Promise.withResolvers<Obstacle | undefined>();
  #running: Promise<void> = Promise.resolve();
  #connection: NatsConnection | undefined;
  #subscription: Subscription | undefined;
  /** The broker does not let this server subscribe. */
  #refusal: Obstacle | undefined;
  #told: string | undefined;
  /** Counts connections, so that what belongs to an earlier one can be told apart. */
  #epoch = 0;
  #isUp = false;
  #isClosed = false;

  constructor(facts: LinkFacts, events: LinkEvents) {
    this.#facts = facts;
    this.#events = events;
  }

  /** False as soon as the library has begun to connect anew: what is published then would be sent much later. */
  get isUp(): boolean {
    return this.#isUp && this.#connection?.info !== undefined;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Resolves after the first answer of a broker, or without one; rejects if the broker answered that it will not do. */
  async start(): Promise<void> {
    const { settings } = this.#facts;
    const { reach, timeouts, limits } = settings;
    this.#running = reach.type === "own" ? this.#keepConnected(reach) : this.#use(reach.connection);
    const outcome = await within(this.#first.promise, timeouts.startMs, undefined);
    if (outcome === undefined || outcome.failure.code === codes.unavailable) return;
    throw startError(outcome.failure, { neededBytes: limits.maxMessageBytes, cause: outcome.cause });
  }

  /** Hands a message to the connection. Only while the link is up; the bytes must not be changed afterwards. */
  publish(subject: string, bytes: Uint8Array): void {
    try {
      this.#connection?.publish(subject, bytes);
    } catch {
      // Its owner is draining it, or the broker has just lowered its limit: lost like anything else on the way.
    }
  }

  /** Resolves when the broker has taken everything published so far; rejects if the connection is lost before. */
  async confirm(): Promise<void> {
    await this.#connection?.flush();
  }

  /** Lets the broker take what was published, within a limit, then leaves nothing behind. Called once. */
  async close(): Promise<void> {
    const wasUp = this.isUp;
    const { settings } = this.#facts;
    const { closeMs } = settings.timeouts;
    this.#isClosed = true;
    this.#isUp = false;
    this.#pause.cancel();
    const connection = this.#connection;
    if (connection !== undefined && !connection.isClosed()) {
      if (wasUp) await within(connection.flush().catch(ignore), closeMs, undefined);
      if (!connection.isClosed()) this.#subscription?.unsubscribe();
      if (settings.reach.type === "own") await within(connection.close().catch(ignore), closeMs, undefined);
    }
    this.#sockets.close();
    await within(this.#running, closeMs, undefined);
    this.#sockets.release();
  }

  async #keepConnected(reach: OwnReach): Promise<void> {
    while (!this.#isClosed) {
      try {
        const connection = await this.#sockets.run(() => connect(this.#connectOptions(reach)));
        if (this.#isClosed) await connection.close();
        else await this.#use(connection);
      } catch (error) {
        this.#fail(this.#describe(error), error);
        this.#sockets.destroyAll();
      }
      if (!this.#isClosed) await this.#pause.for(this.#pauseMs());
    }
  }

  /** Watches a connection until it is closed for good. */
  async #use(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    this.#subscription = undefined;
    const statuses = connection.status();
    if (connection.info !== undefined) void this.#settle(connection);
    let isSilent = false;
    // A given connection outlives this link: its list of statuses then has no end of its own.
    this.#pause.onCancel(() => {
      if ("stop" in statuses && typeof statuses.stop === "function") statuses.stop();
    });
    for await (const status of statuses) {
      if (this.#isClosed) break;
      if (status.type === "staleConnection") isSilent = true;
      if (status.type === "disconnect") this.#lose(isSilent ? "it does not answer" : "the connection was lost");
      if (status.type === "error") this.#onError(status.error);
      if (status.type === "reconnect") {
        isSilent = false;
        void this.#settle(connection);
      }
    }
    if (!this.#isClosed) this.#lose("the connection was closed");
  }

  /** The connection stands: is it of use? Asks again from time to time if it is not. */
  async #settle(connection: NatsConnection): Promise<void> {
    const epoch = this.#epoch;
    const isCurrent = () => !this.#isClosed && !connection.isClosed() && this.#epoch === epoch;
    while (isCurrent()) {
      try {
        this.#refusal = undefined;
        this.#subscription ??= this.#subscribe(connection);
        // The broker refuses a subscription before it answers this.
        await connection.flush();
      } catch {
        return; // lost again: the next connection settles anew
      }
      if (!isCurrent()) return;
      const obstacle = this.#obstacle(connection);
      if (obstacle === undefined) {
        this.#succeed();
        return;
      }
      this.#fail(obstacle.failure, obstacle.cause);
      await this.#pause.for(this.#pauseMs());
    }
  }

  #subscribe(connection: NatsConnection): Subscription {
    return connection.subscribe(this.#facts.inbox, {
      callback: (error: Error | null, message: Msg) => {
        if (this.#isClosed) return;
        if (error === null) {
          OwnedSockets.outside(() => this.#events.onMessage(message.subject, message.data));
          return;
        }
        const failure = describeViolation(this.#broker(), { operation: "subscribe", subject: this.#facts.inbox });
        this.#refusal = { failure, cause: error };
        this.#subscription = undefined;
        if (!this.#isUp) return;
        // The right was taken away from a link that was up: ask for it again.
        this.#drop(failure);
        void this.#settle(connection);
      },
    });
  }

  #onError(error: Error): void {
    if (error.name === "PermissionViolationError" && "subject" in error && "operation" in error) {
      if (error.operation !== "publish") return; // the subscription hears of it itself
      const subject = String(error.subject);
      const failure = describeViolation(this.#broker(), { operation: "publish", subject });
      OwnedSockets.outside(() => this.#events.onPublishRefused(subject, failure));
      return;
    }
    // A refused login while reconnecting; everything else is followed by a disconnect.
    const failure = this.#describe(error);
    if (failure.code === codes.refused && !this.#isUp) this.#fail(failure, error);
  }

  #succeed(): void {
    this.#told = undefined;
    this.#isUp = true;
    this.#first.resolve(undefined);
    OwnedSockets.outside(() => this.#events.onUp(this.#broker()));
  }

  /** The link is down and this is why; told once until the reason changes. */
  #fail(failure: Failure, cause?: unknown): void {
    this.#first.resolve({ failure, cause });
    if (this.#isClosed || this.#told === failure.detail) return;
    this.#told = failure.detail;
    OwnedSockets.outside(() => this.#events.onUnreachable(this.#broker(), failure));
  }

  #lose(reason: string): void {
    this.#epoch += 1;
    if (!this.#isUp) return;
    const { inbox } = this.#facts;
    this.#drop({ code: codes.unavailable, detail: `lost ${this.#broker()} for ${inbox}: ${reason}` });
  }

  #drop(failure: Failure): void {
    this.#isUp = false;
    OwnedSockets.outside(() => this.#events.onDown(this.#broker(), failure));
  }

  /** Why a connection that stands is of no use. */
  #obstacle(connection: NatsConnection): Obstacle | undefined {
    if (this.#refusal !== undefined) return this.#refusal;
    const neededBytes = this.#facts.settings.limits.maxMessageBytes;
    const brokerBytes = connection.info?.max_payload ?? neededBytes;
    if (brokerBytes >= neededBytes) return undefined;
    return { failure: describePayloadLimit(this.#broker(), { brokerBytes, neededBytes }) };
  }

  #describe(error: unknown): Failure {
    return describeBrokerError(error, { broker: this.#broker(), subject: this.#facts.inbox });
  }

  /** Where the broker is, for people. */
  #broker(): string {
    const { reach } = this.#facts.settings;
    const connected = this.#connection?.getServer() ?? "";
    if (connected !== "" || reach.type === "given") return `nats://${connected}`;
    return reach.servers.addresses.map((address) => `nats://${address}`).join(", ");
  }

  #pauseMs(): number {
    const { minMs, maxMs } = this.#facts.settings.reconnect;
    return minMs + Math.random() * (maxMs - minMs);
  }

  #connectOptions({ servers, authenticator, tls }: OwnReach): Parameters<typeof connect>[0] {
    const { connectMs, pingMs } = this.#facts.settings.timeouts;
    return {
      name: this.#facts.clientName,
      servers: [...servers.addresses],
      ...servers.login,
      ...(authenticator === undefined ? {} : { authenticator }),
      ...(tls !== undefined || servers.isTls ? { tls: tls ?? {} } : {}),
      noEcho: true,
      timeout: connectMs,
      pingInterval: pingMs,
      maxPingOut: 2,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => Math.round(this.#pauseMs()),
      // A login may be refused while a broker is being set up; that must not end the attempts.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    };
  }
}

function ignore(): void {}
