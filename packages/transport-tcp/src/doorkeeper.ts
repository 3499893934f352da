// Decides who may send to this server: the rules of the handshake, and who is connected already.

import type { Lane, TransportIdentity } from "@quorate/contracts";
import { codes, type Failure } from "./failure.ts";
import { chooseVersion, type CodecVersion, type Hello } from "./handshake.ts";

/** A connection that was let in; closed by the doorkeeper when it must not stay. */
export type Admitted = {
  replace(): void;
  /** Its peer is none any more. */
  expel(failure: Failure): void;
};

type LivePeer = {
  readonly incarnation: string;
  readonly connections: Map<Lane, Admitted>;
};

/** Knows the connected peers by name. At most one connection per peer and lane. */
export class Doorkeeper {
  readonly #identity: TransportIdentity;
  readonly #codec: CodecVersion;
  readonly #isKnown: (nodeId: string) => boolean;
  readonly #peers: Map<string, LivePeer> = new Map();

  constructor(rules: {
    readonly identity: TransportIdentity;
    readonly codec: CodecVersion;
    /** Whether a node id is a peer with an address: servers that could not be answered are not let in. */
    readonly isKnown: (nodeId: string) => boolean;
  }) {
    this.#identity = rules.identity;
    this.#codec = rules.codec;
    this.#isKnown = rules.isKnown;
  }

  /** Why this hello is refused, or undefined. */
  judge(hello: Hello): Failure | undefined {
    const { clusterId, nodeId } = this.#identity;
    if (chooseVersion(hello.versions) === undefined) {
      return {
        code: codes.versionMismatch,
        detail: `${hello.nodeId} speaks protocol ${hello.versions.join(", ")}, not 1`,
      };
    }
    if (hello.clusterId !== clusterId) {
      return {
        code: codes.clusterMismatch,
        detail: `${hello.nodeId} is in cluster ${hello.clusterId}, not ${clusterId}`,
      };
    }
    if (hello.expects !== nodeId) {
      return {
        code: codes.peerMismatch,
        detail: `${hello.nodeId} expects ${hello.expects} here, but this is ${nodeId}`,
      };
    }
    if (hello.nodeId === nodeId) {
      return { code: codes.duplicateId, detail: `another server says that it is ${nodeId} too` };
    }
    if (!this.#isKnown(hello.nodeId)) {
      return this.#unknown(hello.nodeId);
    }
    return this.#judgeCodec(hello) ?? this.#judgeIncarnation(hello);
  }

  /** Registers a connection whose hello was accepted, in place of an earlier one of the same peer and lane. */
  admit(hello: Hello, connection: Admitted): void {
    const peer = this.#peers.get(hello.nodeId) ?? { incarnation: hello.incarnation, connections: new Map() };
    const earlier = peer.connections.get(hello.lane);
    peer.connections.set(hello.lane, connection);
    this.#peers.set(hello.nodeId, peer);
    earlier?.replace();
  }

  /** Forgets a connection that has ended. */
  dismiss(hello: Hello, connection: Admitted): void {
    const peer = this.#peers.get(hello.nodeId);
    if (peer?.connections.get(hello.lane) !== connection) return;
    peer.connections.delete(hello.lane);
    if (peer.connections.size === 0) this.#peers.delete(hello.nodeId);
  }

  /** Ends the connections of all that are no peers any more. */
  expelStrangers(): void {
    for (const [nodeId, { connections }] of this.#peers) {
      if (this.#isKnown(nodeId)) continue;
      for (const connection of connections.values()) connection.expel(this.#unknown(nodeId));
    }
  }

  /** The incarnation under which a peer is connected now. */
  liveIncarnation(nodeId: string): string | undefined {
    return this.#peers.get(nodeId)?.incarnation;
  }

  #unknown(nodeId: string): Failure {
    return { code: codes.unknownPeer, detail: `${nodeId} is not among the peers of ${this.#identity.nodeId}` };
  }

  #judgeCodec(hello: Hello): Failure | undefined {
    const { name, version } = this.#codec;
    if (hello.codec.name === name && hello.codec.version <= version) return undefined;
    const theirs = `${hello.codec.name} ${hello.codec.version}`;
    return {
      code: codes.versionMismatch,
      detail: `${hello.nodeId} writes messages as ${theirs}, but only ${name} up to ${version} is understood`,
    };
  }

  /** Two stores under one name: whoever came second is the one to refuse, since it may be a copy or a mistake. */
  #judgeIncarnation(hello: Hello): Failure | undefined {
    const live = this.liveIncarnation(hello.nodeId);
    if (live === undefined || live === hello.incarnation) return undefined;
    return {
      code: codes.duplicateId,
      detail: `two servers say that they are ${hello.nodeId}: incarnations ${live} and ${hello.incarnation}`,
    };
  }
}
