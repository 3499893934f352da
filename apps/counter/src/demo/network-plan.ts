// The network as it should be, direction by direction: the one place that keys, page and unattended runs change, and that
// every node is told, also one that starts later.

import type { NetworkOrder } from "./network.ts";

/** How good the network is: `bad` loses, doubles, delays and reorders messages. */
export const networkQualities = ["good", "bad"] as const;

/** How good the network is. */
export type NetworkQuality = (typeof networkQualities)[number];

/** One direction between two nodes. */
export type Direction = { readonly from: string; readonly to: string };

/** What happens to messages in one direction. */
export type LinkSettings = {
  /** Nothing gets through. */
  readonly cut: boolean;
  /** How many of a hundred messages are lost, sent twice, or held back until the next one has gone; 0 to 100. */
  readonly lossPercent: number;
  readonly duplicatePercent: number;
  readonly reorderPercent: number;
  /** Every message waits between these two, in ms. */
  readonly delayMs: readonly [least: number, most: number];
};

const whole: LinkSettings = { cut: false, lossPercent: 0, duplicatePercent: 0, reorderPercent: 0, delayMs: [0, 0] };

/** Bad enough that every kind of fault happens many times a second, good enough that a leader can stay one. */
const bad: LinkSettings = { cut: false, lossPercent: 10, duplicatePercent: 10, reorderPercent: 10, delayMs: [0, 10] };

/** Which links are whole, spoiled or cut. */
export class NetworkPlan {
  readonly #nodes: readonly string[];
  #base: LinkSettings;
  #links: readonly (Direction & LinkSettings)[];

  constructor(nodes: readonly string[], quality: NetworkQuality) {
    this.#nodes = nodes;
    this.#base = settingsOf(quality);
    this.#links = nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to, ...this.#base })));
  }

  /** Every direction between two nodes. */
  get links(): readonly (Direction & LinkSettings)[] {
    return this.#links;
  }

  /** Changes the directions that are named. */
  set(directions: readonly Direction[], settings: LinkSettings): void {
    const isNamed = (link: Direction) => directions.some(({ from, to }) => from === link.from && to === link.to);
    this.#change((link) => (isNamed(link) ? settings : link));
  }

  /** Makes all directions good or bad; what is cut stays cut. */
  setQuality(quality: NetworkQuality): void {
    this.#base = settingsOf(quality);
    this.#change(({ cut }) => ({ ...this.#base, cut }));
  }

  /** Cuts a group off from the others; within the group and among the others nothing is cut. */
  partition(group: readonly string[]): void {
    this.#change((link) => ({ ...link, cut: group.includes(link.from) !== group.includes(link.to) }));
  }

  /** Ends all cuts. */
  heal(): void {
    this.#change((link) => ({ ...link, cut: false }));
  }

  /** Ends all cuts, and makes every direction as good or bad as the network was told to be last. */
  reset(): void {
    this.#change(() => this.#base);
  }

  get hasCuts(): boolean {
    return this.#links.some(({ cut }) => cut);
  }

  /** The nodes that hear this one and are heard by it; itself is one of them. */
  companionsOf(id: string): readonly string[] {
    const isCut = (from: string, to: string) =>
      this.#links.some((link) => link.from === from && link.to === to && (link.cut || link.lossPercent === 100));
    return this.#nodes.filter((other) => !isCut(id, other) && !isCut(other, id));
  }

  /** Whether a node has nobody to talk with. */
  isCutOff(id: string): boolean {
    return this.#nodes.length > 1 && this.companionsOf(id).length === 1;
  }

  /** The same as an order to the nodes. */
  order(): NetworkOrder {
    const links = this.#links
      .filter((link) => JSON.stringify(settingsIn(link)) !== JSON.stringify(whole))
      .map(({ from, to, cut, lossPercent, duplicatePercent, reorderPercent, delayMs: [least, most] }) => ({
        from,
        to,
        cut,
        faults: {
          drop: lossPercent / 100,
          duplicate: duplicatePercent / 100,
          reorder: reorderPercent / 100,
          delayMs: [least, most] as const,
        },
      }));
    return { type: "network", links };
  }

  #change(settingsFor: (link: Direction & LinkSettings) => LinkSettings): void {
    this.#links = this.#links.map((link) => ({ ...link, ...settingsFor(link), from: link.from, to: link.to }));
  }
}

function settingsOf(quality: NetworkQuality): LinkSettings {
  return quality === "bad" ? bad : whole;
}

function settingsIn(link: LinkSettings): LinkSettings {
  const { cut, lossPercent, duplicatePercent, reorderPercent, delayMs } = link;
  return { cut, lossPercent, duplicatePercent, reorderPercent, delayMs };
}
