// The one place that names concrete adapters: from a configuration to the parts that a node is made of.

import { msgpackCodec } from "@quorate/codec-msgpack";
import type { LogStorage, SnapshotStore, Transport } from "@quorate/contracts";
import { type FileLogEvent, fileLogStorage, fileSnapshotStore } from "@quorate/storage-file";
import { sqliteLogStorage, sqliteSnapshotStore } from "@quorate/storage-sqlite";
import { natsTransport } from "@quorate/transport-nats";
import { type TcpAddress, tcpTransport } from "@quorate/transport-tcp";
import type { Config } from "./config/types.ts";

// What a directory of the file storage holds, for the commands that look into one.
export { inspectFileLog, inspectFileSnapshots } from "@quorate/storage-file";

/** Whether a file in a data directory belongs to log or snapshots; without one of the `identities`, a store is nobody's. */
export const storeFiles = {
  isOne: (name: string): boolean =>
    /^(identity\.json|hard-state\.bin|segment-\d+\.log|snapshot-\d+[\d-]*\.(bin|tmp)|(log|snapshots)\.sqlite)/.test(
      name,
    ),
  identities: ["identity.json", "log.sqlite"] as readonly string[],
  /** Which storage made the files with these names. */
  typeOf: (names: readonly string[]): Config["storage"]["type"] => (names.includes("log.sqlite") ? "sqlite" : "file"),
};

/** The exchangeable parts of a node. */
export type Adapters = {
  readonly storage: LogStorage;
  readonly snapshots: SnapshotStore;
  readonly transport: Transport;
};

/** What the storage has to tell that is no error. */
export type StorageNotice = FileLogEvent;

/** Makes the adapters that the configuration asks for. Nothing is opened yet. */
export function composeAdapters(config: Config, onNotice: (notice: StorageNotice) => void = () => {}): Adapters {
  const { storage, data } = config;
  return { ...composeStores(storage.type, data, onNotice), transport: composeTransport(config) };
}

/** Log and snapshots in a directory. Nothing is opened yet. */
export function composeStores(
  type: Config["storage"]["type"],
  directory: string,
  onEvent: (notice: StorageNotice) => void = () => {},
): Pick<Adapters, "storage" | "snapshots"> {
  switch (type) {
    case "file":
      return { storage: fileLogStorage({ directory, onEvent }), snapshots: fileSnapshotStore({ directory }) };
    case "sqlite":
      return { storage: sqliteLogStorage({ directory }), snapshots: sqliteSnapshotStore({ directory }) };
  }
}

function composeTransport({ transport, id, listen, members }: Config): Transport {
  switch (transport.type) {
    case "tcp":
      return tcpTransport({
        listen: addressOf(listen.peer),
        peers: peersOf(members, id),
        codec: msgpackCodec(),
        insecure: transport.insecure,
        ...(transport.tls === undefined ? {} : { tls: transport.tls }),
      });
    case "nats":
      return natsTransport({
        servers: transport.servers,
        subjectPrefix: transport.subjectPrefix,
        codec: msgpackCodec(),
      });
  }
}

function peersOf(members: Config["members"], id: string): Readonly<Record<string, TcpAddress>> {
  const others = Object.entries(members).filter(([member]) => member !== id);
  return Object.fromEntries(others.map(([member, { peer }]) => [member, addressOf(peer)]));
}

/** Checked configurations have the addresses that their transport needs. */
function addressOf(address: TcpAddress | undefined): TcpAddress {
  if (address === undefined) throw new Error("a configuration without peer addresses was accepted for TCP");
  return address;
}
