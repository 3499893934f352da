// A node as a process: configuration in, log lines out, sockets open until somebody closes it.

import { type DestinationStream, type Logger, pino } from "pino";
import { composeAdapters } from "./compose.ts";
import { formatHostPort } from "./config/addresses.ts";
import type { CheckedConfig, Config } from "./config/types.ts";
import { logEvent } from "./event-log.ts";
import { type HttpListener, listenHttp, urlOf } from "./http/listener.ts";
import { type RunningService, startService } from "./service.ts";

/** A node that answers requests. */
export type RunningServer = AsyncDisposable & {
  /** Where the HTTP interface really listens. */
  readonly url: string;
  /** Resolves if the node stops by itself, with the reason; a closed node never does. */
  readonly failed: Promise<{ readonly code: string; readonly detail: string }>;
  /** Takes no new requests, lets those in progress end, and stops the node. Idempotent. */
  close(): Promise<void>;
};

const graceMs = 3000;

/** Starts a node. Its log goes to `destination`, one JSON object per line; `ready` is logged once it answers requests. */
export async function startServer(checked: CheckedConfig, destination: DestinationStream): Promise<RunningServer> {
  const { config, warnings } = checked;
  const logger = createLogger(config, destination);
  for (const warning of warnings) logger.warn(warning);
  const service = await startService({
    clusterId: config.cluster,
    nodeId: config.id,
    httpUrls: new Map(Object.entries(config.members).map(([id, { http }]) => [id, urlOf(http)])),
    ...composeAdapters(config),
    raft: config.raft,
    onDefect: (err) => logger.error({ err }, "defect"),
  });
  const failed = followEvents(service, logger);
  const listener = await listenOrClose(service, config, logger);
  const url = urlOf(listener.address);
  const { transport, listen, data, members } = config;
  // Other transports than TCP do not listen.
  const peer = transport.type === "tcp" && listen.peer !== undefined ? { peer: formatHostPort(listen.peer) } : {};
  logger.info({ http: url, transport: transport.type, ...peer, data, members: Object.keys(members) }, "ready");

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= stop(service, listener, logger);
    return closing;
  };
  return { url, failed, close, [Symbol.asyncDispose]: close };
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

async function listenOrClose(service: RunningService, config: Config, logger: Logger): Promise<HttpListener> {
  try {
    return await listenHttp({
      listen: config.listen.http,
      handler: service.handle,
      onDefect: (err) => logger.error({ err }, "defect"),
    });
  } catch (error) {
    await service.close();
    throw error;
  }
}

/** Logs what the node reports, until it is closed. */
function followEvents(service: RunningService, logger: Logger): RunningServer["failed"] {
  return new Promise((resolve) => {
    const follow = async (): Promise<void> => {
      for await (const event of service.events()) {
        logEvent(logger, event);
        if (event.type === "failed") resolve({ code: event.code, detail: event.detail });
      }
    };
    follow().catch((err: unknown) => logger.error({ err }, "defect"));
  });
}

async function stop(service: RunningService, listener: HttpListener, logger: Logger): Promise<void> {
  logger.info("stopping");
  await service.drain();
  // Requests in progress still need the node, so it stops last.
  await listener.close(graceMs);
  await service.close();
  logger.info("stopped");
}
