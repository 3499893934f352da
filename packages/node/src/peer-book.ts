// Whom the transport may talk to: the members of the configurations in use, where the log says that they are. A server
// that lags does not know the newest members yet, and one of them may lead; such members are known by hearsay until the
// log names them. Thesis 4.1.

import type { PeerDirectory, Transport } from "@quorate/contracts";
import type { Configuration, NodeId } from "@quorate/core";

/**
 * Takes the address for peers out of what the log keeps as a member's address. Undefined: there is none in it, so the
 * transport's own options decide.
 */
export type PeerAddress = (address: string) => string | undefined;

/** The peers of one node. */
export class PeerBook {
  readonly #transport: Transport;
  readonly #peerAddress: PeerAddress;
  #members: PeerDirectory = new Map();
  #hearsay: PeerDirectory = new Map();
  #isChanging = false;

  constructor(transport: Transport, peerAddress: PeerAddress = (address) => address) {
    this.#transport = transport;
    this.#peerAddress = peerAddress;
  }

  /** True while a configuration is not committed, so that the members of the one before it count as well. */
  get isChanging(): boolean {
    return this.#isChanging;
  }

  /** These are in use now, the latest last; what was heard before is forgotten. */
  use(configurations: readonly Configuration[]): void {
    this.#isChanging = configurations.length > 1;
    this.#members = new Map(configurations.flatMap((configuration) => this.#membersOf(configuration)));
    this.#hearsay = new Map();
    this.#tell();
  }

  /** Somebody that is trusted says that these are members. */
  introduce(peers: PeerDirectory): void {
    this.#hearsay = new Map([...this.#hearsay, ...peers]);
    this.#tell();
  }

  #membersOf({ voters, learners, outgoing = [], records = [] }: Configuration): [NodeId, string | undefined][] {
    const addresses = new Map(records.map(({ id, address }) => [id, address]));
    return [...voters, ...outgoing, ...learners].map((id) => {
      const address = addresses.get(id);
      return [id, address === undefined ? undefined : this.#peerAddress(address)];
    });
  }

  #tell(): void {
    this.#transport.setPeers(new Map([...this.#hearsay, ...this.#members]));
  }
}
