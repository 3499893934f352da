// All lanes to one peer, and what they mean together: the peer is connected when all are.

import type { Lane, Transport, TransportEvent, TransportIdentity } from "@quorate/contracts";
import { codeOf, laneOf, lanes } from "@quorate/contracts";
import type { Directory } from "./directory.ts";
import { DropReport } from "./drop-report.ts";
import type { Failure } from "./failure.ts";
import { LaneLink } from "./lane-link.ts";
import { maxControlBytes, type Settings } from "./options.ts";

type Message = Parameters<Transport["send"]>[0];

/** A peer that was not named by the options' record or by `setPeers` is dialled only while something was sent to it within this time. */
const interestMs = 60_000;

/** What a link needs to know. */
export type PeerFacts = {
  readonly identity: TransportIdentity;
  readonly settings: Settings;
  readonly directory: Directory;
  readonly peer: string;
  readonly liveIncarnation: () => string | undefined;
  readonly onEvent: (event: TransportEvent) => void;
};

/** Sends to one peer, and reports changes of its state, each once. */
export class PeerLink {
  readonly #facts: PeerFacts;
  readonly #lanes: Readonly<Record<Lane, LaneLink>>;
  readonly #drops: DropReport;
  readonly #openLanes: Set<Lane> = new Set();
  readonly #toldFailures: Map<Lane, string> = new Map();
  #isConnected = false;
  /** Lanes whose end is already told by `peerDisconnected`, although they have not ended yet. */
  readonly #expectedEnds: Set<Lane> = new Set();
  #lastSentMs = -Infinity;

  constructor(facts: PeerFacts) {
    const { settings, peer, onEvent } = facts;
    this.#facts = facts;
    this.#drops = new DropReport({ peer, clock: settings.clock, onEvent });
    this.#lanes = {
      control: this.#makeLane("control"),
      append: this.#makeLane("append"),
      snapshot: this.#makeLane("snapshot"),
    };
  }

  /** Bytes that wait to be written on all lanes. */
  get queuedBytes(): number {
    return lanes.reduce((sum, lane) => sum + this.#lanes[lane].queuedBytes, 0);
  }

  /** Queues a message, or counts it as dropped. */
  send(message: Message): void {
    const lane = laneOf[message.type];
    const { limits, clock } = this.#facts.settings;
    this.#lastSentMs = clock.now();
    // All, whatever the message: the peer counts as connected when all are.
    this.dialIfIdle();
    const payload = this.#encode(message);
    if (payload === undefined) return;
    if (payload.length > (lane === "control" ? maxControlBytes : limits.maxMessageBytes)) {
      this.#drops.add(lane, "tooLarge");
    } else if (!this.#lanes[lane].send(payload)) {
      this.#drops.add(lane, "queueFull");
    }
  }

  /** Dials what is neither connected nor waiting for its next attempt. */
  dialIfIdle(): void {
    for (const lane of lanes) this.#lanes[lane].dialIfIdle();
  }

  /** Dials what is not connected: the peer is known to be there. */
  dial(): void {
    for (const lane of lanes) this.#lanes[lane].dial();
  }

  /** Ends the link while the transport goes on: the peer is none any more, or has moved. */
  retire(failure: Failure): Promise<void> {
    const { peer, onEvent } = this.#facts;
    if (this.#isConnected) onEvent({ type: "peerDisconnected", peer, ...failure });
    this.#isConnected = false;
    return this.close();
  }

  async close(): Promise<void> {
    this.#drops.close();
    await Promise.all(lanes.map((lane) => this.#lanes[lane].close()));
  }

  #encode(message: Message): Uint8Array | undefined {
    const { clusterId, incarnation } = this.#facts.identity;
    try {
      return this.#facts.settings.codec.encode({ clusterId, groupId: 0, incarnation, message });
    } catch (error) {
      this.#drops.add(laneOf[message.type], codeOf(error) === "QUORATE_TOO_LARGE" ? "tooLarge" : "notEncodable");
      return undefined;
    }
  }

  #makeLane(lane: Lane): LaneLink {
    const { identity, settings, directory, peer, liveIncarnation } = this.#facts;
    return new LaneLink(
      { identity, settings, directory, peer, lane, liveIncarnation, isWanted: () => this.#isWanted() },
      {
        onOpen: (opened) => this.#onOpen(opened),
        onFailure: (failed, failure) => this.#onFailure(failed, failure),
      },
    );
  }

  #isWanted(): boolean {
    const { directory, peer, settings } = this.#facts;
    return directory.standing.includes(peer) || settings.clock.now() - this.#lastSentMs < interestMs;
  }

  #onOpen(lane: Lane): void {
    this.#openLanes.add(lane);
    if (this.#openLanes.size < lanes.length || this.#isConnected) return;
    this.#isConnected = true;
    this.#toldFailures.clear();
    this.#expectedEnds.clear();
    this.#facts.onEvent({ type: "peerConnected", peer: this.#facts.peer });
  }

  #onFailure(lane: Lane, failure: Failure): void {
    const { peer, onEvent } = this.#facts;
    this.#openLanes.delete(lane);
    if (this.#isConnected) {
      this.#isConnected = false;
      for (const open of this.#openLanes) this.#expectedEnds.add(open);
      onEvent({ type: "peerDisconnected", peer, ...failure });
      return;
    }
    if (this.#expectedEnds.delete(lane)) return;
    const text = `${failure.code} ${failure.detail}`;
    const isTold = [...this.#toldFailures.values()].includes(text);
    this.#toldFailures.set(lane, text);
    if (!isTold) onEvent({ type: "peerUnreachable", peer, ...failure });
  }
}
