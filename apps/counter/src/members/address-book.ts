// Where the members are: what the log says, and for members of which it says nothing, what this node was told at its start.

import type { Configuration } from "@quorate/node";
import { decodeAddress, type MemberAddress } from "./address.ts";

/** The addresses that one node knows. */
export class AddressBook {
  readonly #atStart: ReadonlyMap<string, MemberAddress>;
  readonly #configuration: () => Configuration;

  constructor(atStart: ReadonlyMap<string, MemberAddress>, configuration: () => Configuration) {
    this.#atStart = atStart;
    this.#configuration = configuration;
  }

  /** The addresses of a member, or of a server that this node was told about; undefined if nobody knows them. */
  of(id: string): MemberAddress | undefined {
    const text = this.#configuration().records?.find((record) => record.id === id)?.address;
    return (text === undefined ? undefined : decodeAddress(text)) ?? this.#atStart.get(id);
  }

  /** Every member of the latest configuration with its addresses, and whoever this node was told about besides. */
  all(): ReadonlyMap<string, MemberAddress> {
    const { voters, learners, outgoing = [] } = this.#configuration();
    const ids = new Set([...voters, ...learners, ...outgoing, ...this.#atStart.keys()]);
    return new Map(
      [...ids].flatMap((id) => {
        const address = this.of(id);
        return address === undefined ? [] : [[id, address] as const];
      }),
    );
  }
}
