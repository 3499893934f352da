// The client port of a configured node: its sockets, and a certificate that is exchanged while clients come and go.

import { type ClientListener, type Expulsion, serveClients } from "@quorate/client/server";
import { CertificateFiles } from "@quorate/transport-tcp";
import type { Logger } from "pino";
import type { Config } from "../config/types.ts";
import type { ClientPortParts } from "../service.ts";

type Parts = {
  readonly clientPort: ClientPortParts;
  readonly config: Pick<Config, "listen" | "client">;
  readonly logger: Pick<Logger, "info" | "warn">;
};

/**
 * Begins to answer clients; undefined if the configuration has no address for them. Rejects with `QUORATE_ADDRESS_IN_USE`,
 * `QUORATE_ADDRESS_UNUSABLE` or `QUORATE_TLS_UNUSABLE`.
 */
export async function listenForClients({ clientPort, config, logger }: Parts): Promise<ClientListener | undefined> {
  const { listen, client } = config;
  if (listen.client === undefined) return undefined;
  const options = {
    ...clientPort,
    listen: listen.client,
    onExpelled: (expulsion: Expulsion): void => logger.warn(expulsion, "clientExpelled"),
  };
  if (client.tls === undefined) return serveClients(options);

  const { ca, cert, key } = client.tls;
  let listener: ClientListener | undefined;
  const files = new CertificateFiles(
    { files: { cert, key, ...(ca !== undefined && { ca }) }, name: "client.tls" },
    {
      onLoaded: ({ fingerprint, validUntilMs }, tls) => {
        listener?.setTls(tls);
        logger.info({ fingerprint, validUntilMs }, "clientCertificateLoaded");
      },
      onWarning: (warning) => logger.warn(warning, "clientCertificateWarning"),
    },
  );
  const tls = await files.start();
  try {
    const listening = await serveClients({ ...options, tls });
    listener = listening;
    return {
      ...listening,
      close(graceMs) {
        files.close();
        return listening.close(graceMs);
      },
    };
  } catch (error) {
    files.close();
    throw error;
  }
}
