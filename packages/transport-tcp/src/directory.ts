// Who the peers are and where they listen. The user's options say it to begin with; the cluster says it as it changes.

import type { PeerDirectory } from "@quorate/contracts";
import { QuorateError } from "@quorate/contracts";
import { codes, describeAddress, printable } from "./failure.ts";
import { parseAddress, type Settings, type TcpAddress } from "./options.ts";

/** Knows the addresses of the peers. */
export class Directory {
  readonly #settings: Pick<Settings, "lookUp" | "knownPeers">;
  #peers: PeerDirectory | undefined;

  constructor(settings: Pick<Settings, "lookUp" | "knownPeers">) {
    this.#settings = settings;
  }

  /** From now on these are the peers. Undefined addresses are looked up in the options. */
  replace(peers: PeerDirectory): void {
    this.#peers = new Map(peers);
  }

  /** The peers to dial without being asked; others are dialled when something is sent to them. */
  get standing(): readonly string[] {
    return this.#peers === undefined ? this.#settings.knownPeers : [...this.#peers.keys()];
  }

  /** Whether this server talks to that one: it is a peer, and there is an address at which it can be answered. */
  isKnown(nodeId: string): boolean {
    if (this.#peers === undefined) return this.#settings.lookUp(nodeId) !== undefined;
    return this.#peers.has(nodeId) && (this.#given(nodeId) ?? this.#settings.lookUp(nodeId)) !== undefined;
  }

  /** Where a peer is looked for, for comparison: undefined if nowhere. */
  whereabouts(nodeId: string): string | undefined {
    try {
      const address = this.lookUp(nodeId);
      return address === undefined ? undefined : describeAddress(address);
    } catch {
      return this.#given(nodeId);
    }
  }

  /** Whether this server may talk to that one, as far as the cluster has said. */
  isAllowed(nodeId: string): boolean {
    return this.#peers?.has(nodeId) ?? true;
  }

  /**
   * Where a peer listens, or undefined if it is none or has no address.
   *
   * @throws QuorateError `QUORATE_PEER_UNREACHABLE` if what the cluster says is not an address.
   */
  lookUp(nodeId: string): TcpAddress | undefined {
    if (!this.isAllowed(nodeId)) return undefined;
    const given = this.#given(nodeId);
    if (given === undefined) return this.#settings.lookUp(nodeId);
    const address = parseAddress(given);
    if (address !== undefined) return address;
    throw new QuorateError({
      code: codes.unreachable,
      message: `"${printable(given)}" is not an address`,
      hint: "Addresses of members are written HOST:PORT, and [HOST]:PORT for IPv6.",
    });
  }

  #given(nodeId: string): string | undefined {
    return this.#peers?.get(nodeId);
  }
}
