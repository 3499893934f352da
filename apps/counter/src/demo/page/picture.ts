// The state of a run as the page shows it, read from the session, the ledger and what the nodes last said.

import type { FaultCounts } from "@quorate/memory";
import type { Statuses } from "../observer.ts";
import type { DemoOptions } from "../options.ts";
import type { Verdict } from "../proof.ts";
import type { Session } from "../session.ts";
import type { EventList } from "../story.ts";
import type { Snapshot } from "./feed.ts";
import { LaneHistory } from "./lanes.ts";
import { Pace } from "./pace.ts";
import type { FaultTotals, NodeState, PageVerdict, Sections } from "./protocol.ts";

/** How many events the page gets. */
const shownEvents = 200;

/** What a picture is of. */
export type PictureSources = {
  readonly session: Session;
  readonly demo: DemoOptions;
  readonly events: EventList;
};

/** A running picture of the run. */
export class Picture {
  readonly #sources: PictureSources;
  readonly #lanes = new LaneHistory();
  readonly #pace: Pace;
  #statuses: Statuses = new Map();
  #verdict: PageVerdict | null = null;

  constructor(sources: PictureSources) {
    this.#sources = sources;
    this.#pace = new Pace(performance.now(), sources.session.ledger.acknowledged);
  }

  /** Asks the nodes what they are. */
  async look(): Promise<void> {
    const { session } = this.#sources;
    this.#statuses = await session.observer.statuses();
    session.noticeLeader(this.#statuses);
  }

  /** Adds this moment to what is remembered. */
  note(): void {
    const atMs = performance.now();
    this.#lanes.note(this.#nodes(), atMs);
    this.#pace.note(atMs, this.#sources.session.ledger.acknowledged);
  }

  /** Notes how the proof ended. */
  conclude(verdict: Verdict): void {
    const { holds, acknowledged, lost, duplicated, problems } = verdict;
    this.#verdict = { holds, acknowledged, lost, duplicated, problems };
  }

  /** The state at this moment. */
  read(): Snapshot {
    const { session, demo, events } = this.#sources;
    const { ledger, network, cluster } = session;
    const sections: Sections = {
      run: {
        title: `${demo.nodes} nodes, ${demo.transport}, ${demo.storage} storage`,
        phase: session.phase,
        spareNodes: session.spareNodes,
        hasKeys: !demo.once,
      },
      nodes: this.#nodes(),
      links: network.links,
      faults: totalsOf(cluster.faultCounts),
      lanes: this.#lanes.lanes,
      story: events.events.slice(-shownEvents),
      load: {
        acknowledged: ledger.acknowledged,
        underWay: ledger.open.length,
        perSecond: this.#pace.perSecond,
        pauses: session.pauses,
      },
      verdict: this.#verdict,
    };
    return { atMs: performance.now(), sections };
  }

  #nodes(): readonly NodeState[] {
    return this.#sources.session.cluster.members.map(({ id, url }) => this.#node(id, url));
  }

  #node(id: string, url: string): NodeState {
    const condition = this.#sources.session.conditionOf(id);
    const status = condition === "down" || condition === "paused" ? undefined : this.#statuses.get(id);
    if (status === undefined) return { id, url, condition: condition === "running" ? "starting" : condition };
    const { role, term, leader, commitIndex, lastApplied } = status;
    const follows = leader === null ? {} : { leaderId: leader.id };
    return { id, url, condition, status: { role, term, ...follows, commitIndex, lastApplied } };
  }
}

function totalsOf(counts: FaultCounts): FaultTotals {
  const { dropped, overflowed, duplicated, delayed, reordered, cut } = counts;
  return { lost: dropped + overflowed, doubled: duplicated, delayed, overtaken: reordered, keptAway: cut };
}
