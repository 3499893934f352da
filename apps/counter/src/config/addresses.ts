// Addresses in a configuration: how they are written, and what can be said of them without asking the network.

import { networkInterfaces } from "node:os";
import type { HostPort } from "./types.ts";

const hostPort = /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:[\]/@]+)):(\d{1,5})$/;

/** Splits `HOST:PORT` or `[IPV6]:PORT`; undefined if it is neither. `minPort` is 0 where the system may choose. */
export function parseHostPort(text: string, minPort: 0 | 1): HostPort | undefined {
  const match = hostPort.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < minPort || port > 65_535 ? undefined : { host, port };
}

/** `HOST:PORT`, with brackets around IPv6 addresses. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True for addresses that never leave the machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** True for addresses that mean "all of this machine": a server can listen there, but nobody can dial them. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::" || host === "*";
}

/** This machine's addresses that others could dial, IPv4 first. */
export function candidateHosts(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const own = all.filter((entry) => !entry.internal && !entry.address.startsWith("fe80:"));
  return own.toSorted((a, b) => a.family.localeCompare(b.family)).map((entry) => entry.address);
}
