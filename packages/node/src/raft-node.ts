// The public face of a node: start, propose, query, watch, close. What happens in between is the driver's business.

import type { PeerDirectory } from "@quorate/contracts";
import type { MembershipChange, NodeId } from "@quorate/core";
import type {
  CallOptions,
  Changed,
  ChangeOptions,
  NodeEvent,
  LogPosition,
  NodeStatus,
  Proposed,
  Queried,
  QueryOptions,
  RaftNodeOptions,
  Transferred,
} from "./api.ts";
import { Driver } from "./driver.ts";
import { recover } from "./recovery.ts";

/** A running member of a cluster: a core, its storage, its transport and a state machine. */
export class RaftNode<Query, Answer, Result> implements AsyncDisposable {
  readonly #driver: Driver<Query, Answer, Result>;

  /** Use {@link RaftNode.start}. */
  constructor(driver: Driver<Query, Answer, Result>) {
    this.#driver = driver;
  }

  /**
   * Reads the store, checks that it belongs to this node, and joins the cluster. From here on the node owns `storage` and
   * `transport`: `close()` closes them, and so does a failed start.
   *
   * Rejects with `QUORATE_CLUSTER_MISMATCH`, `QUORATE_NODE_MISMATCH`, `QUORATE_MEMBERS_MISMATCH`, `QUORATE_LOG_CORRUPT`,
   * `QUORATE_TIMEOUTS_UNSAFE`, `QUORATE_OPTIONS_INVALID`, or what the storage or transport rejects with.
   */
  static async start<Query, Answer, Result>(
    options: RaftNodeOptions<Query, Answer, Result>,
  ): Promise<RaftNode<Query, Answer, Result>> {
    try {
      const driver = new Driver(options, await recover(options));
      await driver.start();
      return new RaftNode(driver);
    } catch (error) {
      await Promise.allSettled([options.transport.close(), options.storage.close(), options.snapshots?.store.close()]);
      throw error;
    }
  }

  /**
   * Replicates a command and resolves with the state machine's result once it is committed and applied here.
   *
   * Rejects with `QUORATE_NOT_LEADER` (with `details.leaderId`), `QUORATE_NO_LEADER`, `QUORATE_BUSY`, `QUORATE_TOO_LARGE`,
   * `QUORATE_PROPOSAL_DROPPED` (all: certainly not applied), or with an error of `outcome: "unknown"`:
   * `QUORATE_PROPOSAL_TIMEOUT`, `QUORATE_ABORTED`, `QUORATE_CLOSED`, or the failure that stopped the node.
   */
  propose(data: Uint8Array, options?: CallOptions): Promise<Proposed<Result>> {
    return this.#driver.propose(data, options);
  }

  /**
   * Answers a query. `linearizable` (default) confirms leadership with a majority first and rejects with
   * `QUORATE_NOT_LEADER`, `QUORATE_NO_LEADER`, `QUORATE_BUSY` or `QUORATE_READ_TIMEOUT`; with `forward`, a follower asks its
   * leader to. `lease` does without asking while the leader's clock covers it, else it is `linearizable`. `stale` answers at
   * once from this server's state, or rejects with `QUORATE_STALE_TOO_OLD`. With `minIndex`, at any level, the answer is not
   * older than that index: the read waits for it, or rejects with `QUORATE_INDEX_NOT_REACHED`. The answer names the level
   * that was really used.
   */
  query(query: Query, options?: QueryOptions): Promise<Queried<Answer>> {
    return this.#driver.query(query, options);
  }

  /**
   * Takes a snapshot of the state machine now, and lets the log forget what it contains, but for a tail. Resolves with its
   * place when it is durable; undefined if a newer one came from the leader meanwhile, or if this node keeps none.
   */
  takeSnapshot(): Promise<LogPosition | undefined> {
    return this.#driver.takeSnapshot();
  }

  /**
   * Changes who belongs to the cluster, in one step, and resolves when the new configuration is committed. New servers
   * join as learners; promote them when they have caught up (`status().peers` shows how far they are). Thesis chapter 4.
   *
   * Rejects with `QUORATE_NOT_LEADER`, `QUORATE_NO_LEADER`, `QUORATE_CHANGE_IN_PROGRESS`, `QUORATE_WOULD_LOSE_QUORUM`,
   * `QUORATE_CHANGE_REFUSED` (all: nothing has changed), or with an error of `outcome: "unknown"`.
   */
  changeMembership(changes: readonly MembershipChange[], options?: ChangeOptions): Promise<Changed> {
    return this.#driver.changeMembership(changes, options);
  }

  /**
   * Hands leadership to `to`, or to the voter that has most of the log, and resolves with the leader that follows. New
   * proposals are refused meanwhile. Thesis 3.10.
   *
   * Rejects with `QUORATE_NOT_LEADER`, `QUORATE_NO_LEADER`, `QUORATE_TRANSFER_REFUSED`, or `QUORATE_TRANSFER_ABORTED` if the
   * target has not taken over within an election timeout: then this node goes on leading.
   */
  transferLeadership(to?: NodeId, options?: CallOptions): Promise<Transferred> {
    return this.#driver.transferLeadership(to, options);
  }

  /**
   * Tells a node of members that its log may not name yet, with the addresses for peers. A node that was away may be called
   * by such a member (`peerRefused` with `QUORATE_PEER_UNKNOWN`). Forgotten when the log names another configuration.
   */
  introduce(peers: PeerDirectory): void {
    this.#driver.introduce(peers);
  }

  /** The state of this moment. Works in every state, also after a failure. */
  currentStatus(): NodeStatus {
    return this.#driver.status();
  }

  /** The current status, then every change, at most one per turn of the event loop. A slow reader misses the oldest. */
  status(): AsyncIterableIterator<NodeStatus> {
    return this.#driver.statuses.read([this.#driver.status()]);
  }

  /** Everything that happens from now on. A slow reader misses the oldest. */
  events(): AsyncIterableIterator<NodeEvent> {
    return this.#driver.events.read();
  }

  /** Says in words why there is no leader, or why writes do not commit. */
  explain(): string {
    return this.#driver.explain();
  }

  /**
   * Stops, settles every waiting call, and closes transport and storage. Idempotent. Hands nothing over: a leader that is
   * not to be missed calls `transferLeadership` first.
   */
  close(): Promise<void> {
    return this.#driver.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
