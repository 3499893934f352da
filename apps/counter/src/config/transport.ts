// What a configuration says about the way between the nodes, and whether that can work.

import { formatHostPort, isLoopback, parseHostPort } from "./addresses.ts";
import type { Problems } from "./problems.ts";
import type { RawConfig } from "./shape.ts";
import type { Member, TransportConfig } from "./types.ts";

type RawTransport = NonNullable<RawConfig["transport"]>;

const available = 'Available: "tcp", "nats".';
const brokerPattern = /^(?<scheme>nats|tls):\/\/(?:[^\s@/]+@)?(?<host>\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+)(?::\d{1,5})?$/;
const prefixPattern = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const protectionHint =
  'Set "tls" in "transport" (quorate tls init makes certificates), or "insecure": true if everybody in that network may read and change your data.';
const tcpOnly = ["tls", "insecure"] as const;
const natsOnly = ["servers", "subjectPrefix"] as const;

/** The checked transport; whatever is wrong is in `problems`. */
export function checkTransport(
  raw: RawConfig,
  members: Readonly<Record<string, Member>>,
  problems: Problems,
): TransportConfig {
  const transport = raw.transport ?? { type: "tcp" };
  switch (transport.type) {
    case "tcp":
      checkTcp(transport, members, problems);
      checkListening(transport, raw.listen?.peer, problems);
      return { type: "tcp", insecure: transport.insecure === true, tls: transport.tls };
    case "nats":
      return checkNats(transport, problems);
    default:
      problems.add("transport.type", `"${transport.type}" is unknown`, available);
      return { type: "tcp", insecure: false, tls: undefined };
  }
}

/** What the owner should know of a transport that was accepted. */
export function transportWarnings(raw: RawConfig): readonly string[] {
  const transport = raw.transport;
  if (transport?.insecure === true) {
    return ["plain TCP between the nodes: everybody in that network can read and change the data"];
  }
  const exposed = (transport?.servers ?? []).some((server) => {
    const { scheme, host = "" } = brokerPattern.exec(server)?.groups ?? {};
    return scheme === "nats" && !isLoopback(host.replaceAll(/[[\]]/g, ""));
  });
  return exposed
    ? ["NATS without tls:// beyond this machine: everybody in that network can read and change the data"]
    : [];
}

function checkTcp(transport: RawTransport, members: Readonly<Record<string, Member>>, problems: Problems): void {
  refuseForeignKeys(transport, { keys: natsOnly, owner: "nats" }, problems);
  for (const [id, { peer }] of Object.entries(members)) {
    if (peer === undefined) {
      problems.add(`members.${id}.peer`, "is missing, must be a string", "See the example in the README.");
    }
  }
  if (transport.tls !== undefined) {
    if (transport.insecure === true) {
      problems.add("transport.insecure", "has no meaning together with transport.tls", "Remove one of them.");
    }
    return;
  }
  const addresses = Object.entries(members).flatMap(([id, { peer }]) => (peer === undefined ? [] : [{ id, peer }]));
  const exposed = addresses.find(({ peer }) => !isLoopback(peer.host));
  if (exposed !== undefined && transport.insecure !== true) {
    problems.add(
      "transport",
      `plain TCP would send everything unprotected to ${exposed.id} at ${formatHostPort(exposed.peer)}`,
      protectionHint,
    );
  }
}

function checkListening(transport: RawTransport, listen: string | undefined, problems: Problems): void {
  const address = listen === undefined ? undefined : parseHostPort(listen, 0);
  if (address === undefined || isLoopback(address.host)) return;
  if (transport.tls !== undefined || transport.insecure === true) return;
  problems.add("listen.peer", `plain TCP would let everybody in that network speak at ${listen}`, protectionHint);
}

function checkNats(transport: RawTransport, problems: Problems): TransportConfig {
  const { servers = [], subjectPrefix = "raft" } = transport;
  refuseForeignKeys(transport, { keys: tcpOnly, owner: "tcp" }, problems);
  if (servers.length === 0) {
    problems.add("transport.servers", "is empty", 'Name at least one broker, such as ["nats://127.0.0.1:4222"].');
  }
  for (const [position, server] of servers.entries()) {
    if (brokerPattern.test(server)) continue;
    // Not repeated: there may be a password in it.
    const hint = "Write brokers as nats://HOST:PORT or tls://HOST:PORT, with USER:PASSWORD@ before the host if needed.";
    problems.add(`transport.servers[${position}]`, "is not the address of a NATS server", hint);
  }
  if (!prefixPattern.test(subjectPrefix)) {
    const hint = "Use letters, digits, '_' and '-', with dots between.";
    problems.add("transport.subjectPrefix", `"${subjectPrefix}" is not the beginning of a subject`, hint);
  }
  return { type: "nats", servers, subjectPrefix };
}

function refuseForeignKeys(
  transport: RawTransport,
  foreign: { readonly keys: readonly (keyof RawTransport)[]; readonly owner: string },
  problems: Problems,
): void {
  for (const key of foreign.keys) {
    if (transport[key] === undefined) continue;
    problems.add(`transport.${key}`, `belongs to the transport "${foreign.owner}"`, "Remove it, or change the type.");
  }
}
