// Where brokers are and how to log in, read from URLs such as nats://user:password@host:4222. What is shown to people
// afterwards has no passwords in it.

import { QuorateError } from "@quorate/contracts";

/** What the client library is told about the brokers. */
export type Servers = {
  /** `host:port`, without anything secret. */
  readonly addresses: readonly string[];
  readonly login: { readonly user?: string; readonly pass?: string; readonly token?: string };
  /** True if a URL begins with `tls://`: the connection must be encrypted. */
  readonly isTls: boolean;
};

const defaultPort = 4222;

/** Reads the option `servers`. @throws QuorateError `QUORATE_OPTIONS_INVALID` naming the URL without its password. */
export function readServers(servers: string | readonly string[]): Servers {
  const texts = typeof servers === "string" ? [servers] : servers;
  if (texts.length === 0) throw invalid("servers is empty.");
  const urls = texts.map(readUrl);
  const logins = urls.map(loginOf).filter((login) => Object.keys(login).length > 0);
  const [login = {}] = logins;
  if (logins.some((other) => JSON.stringify(other) !== JSON.stringify(login))) {
    throw invalid("servers has different users or tokens: all brokers are given the same login.");
  }
  return {
    addresses: urls.map((url) => `${url.hostname}:${url.port === "" ? defaultPort : url.port}`),
    login,
    isTls: urls.some((url) => url.protocol === "tls:"),
  };
}

function readUrl(text: string, position: number): URL {
  const full = text.includes("://") ? text : `nats://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  const isBroker = url !== undefined && ["nats:", "tls:"].includes(url.protocol) && url.hostname !== "";
  if (isBroker && ["", "/"].includes(url.pathname) && url.search === "" && url.hash === "") return url;
  throw invalid(`servers[${position}] is not an address of the form nats://HOST:PORT or tls://HOST:PORT.`);
}

function loginOf(url: URL): Servers["login"] {
  if (url.username === "") return {};
  const user = decodeURIComponent(url.username);
  return url.password === "" ? { token: user } : { user, pass: decodeURIComponent(url.password) };
}

function invalid(message: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_OPTIONS_INVALID",
    message,
    hint: "Give natsTransport at least one address such as nats://127.0.0.1:4222.",
  });
}
