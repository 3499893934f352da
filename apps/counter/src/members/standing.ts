// How a node stands with its cluster, and what its owner should know of that: it waits to be added, it was removed, or
// there is no leader and why. It listens to the node's events and asks around when the node and the others do not know
// each other, or when it has not heard of a leader for long: over some transports, nobody tells it why.

import type { Clock } from "@quorate/contracts";
import type { NodeEvent, NodeStatus, RaftNode } from "@quorate/node";
import type { MemberAddress } from "./address.ts";
import type { AddressBook } from "./address-book.ts";
import { CommitHistory } from "./commit-history.ts";
import { Hearsay, type HearsayParts, type Rumour } from "./hearsay.ts";

/** Something that the owner of a node should know; `detail` is for people. */
export type Notice = {
  readonly type: "joining" | "joined" | "addressDiffers" | "noLeader" | "removed" | "membersHeard";
  readonly detail: string;
};

/** What is needed to know how a node stands. */
export type StandingParts = Pick<HearsayParts, "clusterId" | "nodeId" | "clock" | "fetch"> & {
  readonly node: Pick<RaftNode<never, unknown, unknown>, "currentStatus" | "explain" | "introduce">;
  readonly addresses: AddressBook;
  readonly joins: boolean;
  readonly onNotice: (notice: Notice) => void;
};

/** No leader for so long is worth a line in the log, and asking around; an election takes much less. In ms. */
const patienceMs = 3000;
const answersWithinMs = 100;
/** Different reasons that are told while there is no leader. */
const maxComplaints = 16;

/** One node's standing. */
export class Standing {
  readonly #parts: StandingParts;
  readonly #clock: Clock;
  readonly #hearsay: Hearsay;
  readonly #commits = new CommitHistory();
  #leaderlessSinceMs: number;
  #askedAtMs: number = Number.NEGATIVE_INFINITY;
  readonly #complaints = new Set<string>();
  #cancelTimer: (() => void) | undefined;
  #removed: string | undefined;
  #lastDifference: string | undefined;
  /** The newest list of members that the owner has been told of. */
  #lastHeardIndex = 0;
  #isWaiting: boolean;
  /** The newest configuration of the log does not contain this node; it may not be committed yet. */
  #isLeftOut: boolean;

  constructor(parts: StandingParts) {
    const { node, addresses } = parts;
    this.#parts = parts;
    this.#clock = parts.clock;
    this.#leaderlessSinceMs = parts.clock.now();
    this.#hearsay = new Hearsay({
      ...parts,
      addresses: () => addresses.all(),
      ownIndex: () => node.currentStatus().configurationIndex,
      onNews: (rumour) => this.#onNews(rumour),
    });
    this.#isLeftOut = !isMember(node.currentStatus(), parts.nodeId);
    this.#isWaiting = parts.joins && this.#isLeftOut;
    if (this.#isWaiting) parts.onNotice({ type: "joining", detail: this.#howToAdd() });
    this.#compareAddress();
  }

  /** Why this node takes no part in the cluster, or why nobody leads; undefined if all is well. */
  explain(): string | undefined {
    if (this.#removed !== undefined) return this.#removed;
    if (this.#isWaiting) return this.#howToAdd();
    return this.#parts.node.currentStatus().leaderId === undefined ? this.#parts.node.explain() : undefined;
  }

  committedMsAgo(index: number): number | undefined {
    return this.#commits.msSince(index, this.#clock.now());
  }

  onEvent(event: NodeEvent): void {
    switch (event.type) {
      case "commitAdvanced":
        this.#commits.note(event.commitIndex, this.#clock.now());
        if (this.#isLeftOut) this.#checkRemoval();
        break;
      case "leaderChanged":
        if (event.leaderId === undefined) this.#leaderlessSinceMs = this.#clock.now();
        else this.#onLeader();
        break;
      case "configurationChanged":
        this.#onConfiguration();
        break;
      case "peerRefused":
      case "peerUnreachable":
      case "peerDisconnected":
        if (event.code === "QUORATE_PEER_UNKNOWN") this.#hearsay.ask();
        break;
      case "electionStarted":
        this.#onElection();
        break;
      default:
    }
  }

  close(): void {
    this.#hearsay.close();
    this.#cancelTimer?.();
  }

  #onLeader(): void {
    this.#leaderlessSinceMs = Number.POSITIVE_INFINITY;
    this.#complaints.clear();
    this.#commits.forget();
  }

  #onConfiguration(): void {
    this.#isLeftOut = !isMember(this.#parts.node.currentStatus(), this.#parts.nodeId);
    if (this.#isLeftOut) {
      this.#checkRemoval();
      return;
    }
    this.#removed = undefined;
    this.#compareAddress();
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#parts.onNotice({ type: "joined", detail: `${this.#parts.nodeId} is a member of the cluster now` });
  }

  /** Whether that is an answer; if not, it is asked again. */
  #onNews(rumour: Rumour): boolean {
    const { node, nodeId, onNotice } = this.#parts;
    const names = [...rumour.members.keys()].join(", ");
    if (rumour.members.has(nodeId)) {
      node.introduce(new Map([...rumour.members].map(([id, { peer }]) => [id, peer])));
      if (rumour.index > this.#lastHeardIndex)
        onNotice({ type: "membersHeard", detail: `${rumour.from} says that the members are ${names} now` });
      this.#lastHeardIndex = Math.max(this.#lastHeardIndex, rumour.index);
      return true;
    }
    if (!rumour.committed) return false;
    this.#onRemoved(`according to ${rumour.from}, its members are ${names} since index ${rumour.index}`);
    return true;
  }

  /** The own log may say so, if this node led the change or was told of it in time. */
  #checkRemoval(): void {
    const { configuration, configurationIndex, commitIndex } = this.#parts.node.currentStatus();
    if (configurationIndex > commitIndex || configuration.outgoing !== undefined) return;
    const names = [...configuration.voters, ...configuration.learners].join(", ");
    this.#onRemoved(`its members are ${names} since index ${configurationIndex}`);
  }

  #onRemoved(since: string): void {
    const { nodeId, onNotice } = this.#parts;
    if (this.#isWaiting) return;
    const detail = `${nodeId} was removed from the cluster: ${since}. Stop this node, or add it again.`;
    if (this.#removed === undefined) onNotice({ type: "removed", detail });
    this.#removed = detail;
  }

  /** One that follows others; what comes of it is known a little later, when they have answered if they can. */
  #onElection(): void {
    if (this.#clock.now() - this.#leaderlessSinceMs < patienceMs) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.schedule(this.#clock.now() + answersWithinMs, () => this.#onNoLeader());
  }

  #onNoLeader(): void {
    if (this.#parts.node.currentStatus().leaderId !== undefined) return;
    this.#askWhy();
    this.#complain();
  }

  /** Members that no longer know this node do not answer it, and a transport need not say so. */
  #askWhy(): void {
    const now = this.#clock.now();
    if (this.#removed !== undefined || now - this.#askedAtMs < patienceMs) return;
    this.#askedAtMs = now;
    this.#hearsay.ask();
  }

  /** Once for each reason, not once for each election. */
  #complain(): void {
    const { node, onNotice } = this.#parts;
    const detail = node.explain();
    const reason = detail.replaceAll(/\d+ ms|term \d+/g, "");
    if (this.#complaints.has(reason) || this.#complaints.size >= maxComplaints) return;
    this.#complaints.add(reason);
    onNotice({ type: "noLeader", detail });
  }

  #howToAdd(): string {
    const { nodeId, addresses } = this.#parts;
    const options = optionsFor(addresses.of(nodeId) ?? { http: "ADDRESS" });
    return `${nodeId} waits to be added to the cluster: quorate members add ${nodeId} ${options}`;
  }

  /** The others use what the log says, so a node that moved without a word may wait in vain. */
  #compareAddress(): void {
    const { nodeId, addresses, onNotice } = this.#parts;
    const difference = addresses.differenceOf(nodeId);
    if (difference === undefined) return;
    const { told, inLog } = difference;
    const detail = `the log says that ${nodeId} is reached at ${optionsFor(inLog)}. If that is over: quorate members move ${nodeId} ${optionsFor(told)}`;
    if (detail !== this.#lastDifference) onNotice({ type: "addressDiffers", detail });
    this.#lastDifference = detail;
  }
}

function optionsFor({ peer, http, client }: MemberAddress): string {
  const known = { peer, http: http.replace(/^http:\/\//, ""), client };
  return Object.entries(known)
    .flatMap(([name, address]) => (address === undefined ? [] : [`--${name} ${address}`]))
    .join(" ");
}

function isMember({ configuration }: NodeStatus, id: string): boolean {
  return configuration.voters.includes(id) || configuration.learners.includes(id);
}
