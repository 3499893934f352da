// A node as a process: configuration in, log lines out, sockets open until somebody closes it.

import type { ClientListener } from "@quorate/client/server";
import type { Transport } from "@quorate/contracts";
import { type DestinationStream, type Logger, pino } from "pino";
import { listenForClients } from "./client-port/listen.ts";
import { composeAdapters } from "./compose.ts";
import { formatHostPort } from "./config/addresses.ts";
import type { CheckedConfig, Config, Member } from "./config/types.ts";
import { logEvent } from "./event-log.ts";
import { type HttpListener, listenHttp, urlOf } from "./http/listener.ts";
import type { MemberAddress } from "./members/address.ts";
import { startOrRebuild } from "./rebuild.ts";
import { type RunningService, startService } from "./service.ts";

/** A node that answers requests. */
export type RunningServer = AsyncDisposable & {
  /** Where the HTTP interface really listens. */
  readonly url: string;
  /** Where the binary protocol is served, such as `tcp://127.0.0.1:8201`; undefined if it is not. */
  readonly clientUrl: string | undefined;
  /** Resolves if the node stops by itself, with the reason; a closed node never does. */
  readonly failed: Promise<Failure>;
  /** Takes no new requests, lets those in progress end, and stops the node. Idempotent. */
  close(): Promise<void>;
};

/** Why a node stopped by itself. */
type Failure = { readonly code: string; readonly detail: string; readonly hint: string };

const graceMs = 3000;
const noticeLevels = {
  joining: "info",
  joined: "info",
  addressDiffers: "warn",
  membersHeard: "info",
  noLeader: "warn",
  removed: "error",
} as const;

/**
 * Starts a node. Its log goes to `destination`, one JSON object per line; `ready` is logged once it answers requests.
 * `wrap` may put something around the transport.
 */
export async function startServer(
  checked: CheckedConfig,
  destination: DestinationStream,
  wrap: (transport: Transport) => Transport = (transport) => transport,
): Promise<RunningServer> {
  const { config, warnings } = checked;
  const logger = createLogger(config, destination);
  for (const warning of warnings) logger.warn(warning);
  const failed = Promise.withResolvers<Failure>();
  const members = new Map(Object.entries(config.members).map(([id, member]) => [id, addressOf(member)]));
  const service = await startOrRebuild({ config, logger }, async () => {
    const adapters = composeAdapters(config, ({ type, ...facts }) => logger.warn(facts, type));
    return startService({
      clusterId: config.cluster,
      nodeId: config.id,
      members,
      joins: config.join,
      trustsLog: config.addresses === "log",
      ...adapters,
      transport: wrap(adapters.transport),
      raft: config.raft,
      snapshotPolicy: config.snapshots,
      limits: config.limits,
      onDefect: (err) => logger.error({ err }, "defect"),
      onEvent: (event) => {
        logEvent(logger, event);
        if (event.type === "failed") failed.resolve({ code: event.code, detail: event.detail, hint: event.hint });
      },
      onNotice: ({ type, detail }) => logger[noticeLevels[type]]({ detail }, type),
    });
  });
  const { listener, clients } = await listenOrClose(service, config, logger);
  const url = urlOf(listener.address);
  const scheme = config.client.tls === undefined ? "tcp" : "tls";
  const clientUrl = clients && `${scheme}://${formatHostPort(clients.address)}`;
  const { transport, listen, data } = config;
  // Other transports than TCP do not listen.
  const peer = transport.type === "tcp" && listen.peer !== undefined ? { peer: formatHostPort(listen.peer) } : {};
  const client = clientUrl === undefined ? {} : { client: clientUrl };
  const facts = { http: url, ...client, transport: transport.type, ...peer, data, members: [...members.keys()] };
  logger.info(facts, "ready");

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= stop(service, [listener, ...(clients === undefined ? [] : [clients])], logger);
    return closing;
  };
  return { url, clientUrl, failed: failed.promise, close, [Symbol.asyncDispose]: close };
}

function addressOf({ peer, http, client }: Member): MemberAddress {
  return {
    ...(peer !== undefined && { peer: formatHostPort(peer) }),
    http: urlOf(http),
    ...(client !== undefined && { client: formatHostPort(client) }),
  };
}

function createLogger({ cluster, id }: Config, destination: DestinationStream): Logger {
  return pino(
    {
      base: { cluster, node: id },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      level: "info",
    },
    destination,
  );
}

type Listeners = { readonly listener: HttpListener; readonly clients: ClientListener | undefined };

async function listenOrClose(service: RunningService, config: Config, logger: Logger): Promise<Listeners> {
  let listener: HttpListener | undefined;
  try {
    const onDefect = (err: unknown): void => logger.error({ err }, "defect");
    listener = await listenHttp({ listen: config.listen.http, handler: service.handle, onDefect });
    const clients = await listenForClients({ clientPort: service.clientPort, config, logger });
    return { listener, clients };
  } catch (error) {
    await listener?.close(0);
    await service.close();
    throw error;
  }
}

async function stop(
  service: RunningService,
  listeners: readonly Pick<HttpListener, "close">[],
  logger: Logger,
): Promise<void> {
  logger.info("stopping");
  await service.drain();
  // Requests in progress still need the node, so it stops last.
  await Promise.all(listeners.map((listener) => listener.close(graceMs)));
  await service.close();
  logger.info("stopped");
}
