// Where the members are: what the log says, and for members of which it says nothing, what this node was told at its start.

import type { Configuration } from "@quorate/node";
import { decodeAddress, encodeAddress, type MemberAddress } from "./address.ts";

/** The addresses that one node knows. */
export class AddressBook {
  readonly #atStart: ReadonlyMap<string, MemberAddress>;
  readonly #trustsLog: boolean;
  readonly #configuration: () => Configuration;

  constructor(known: {
    /** What this node was told at its start. */
    readonly members: ReadonlyMap<string, MemberAddress>;
    /** False if that counts before what the log says. */
    readonly trustsLog: boolean;
    readonly configuration: () => Configuration;
  }) {
    this.#atStart = known.members;
    this.#trustsLog = known.trustsLog;
    this.#configuration = known.configuration;
  }

  /** The addresses of a member, or of a server that this node was told about; undefined if nobody knows them. */
  of(id: string): MemberAddress | undefined {
    const told = this.#atStart.get(id);
    return this.#trustsLog ? (this.#inLog(id) ?? told) : (told ?? this.#inLog(id));
  }

  /** For a member whose address in the log is another one than this node was told: both of them. */
  differenceOf(id: string): { readonly told: MemberAddress; readonly inLog: MemberAddress } | undefined {
    const told = this.#atStart.get(id);
    const inLog = this.#inLog(id);
    if (told === undefined || inLog === undefined || encodeAddress(told) === encodeAddress(inLog)) return undefined;
    return { told, inLog };
  }

  #inLog(id: string): MemberAddress | undefined {
    const text = this.#configuration().records?.find((record) => record.id === id)?.address;
    return text === undefined ? undefined : decodeAddress(text);
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
