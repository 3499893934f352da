// A folder of certificates for a cluster: the authority's, and one per node. Run again, it adds what is missing.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { QuorateError } from "@quorate/contracts";
import { certificateIdentity } from "@quorate/transport-tcp";
import { createAuthority, isPair, issueCertificate, type Pair } from "./authority.ts";

/** What to make. */
export type InitOptions = {
  readonly directory: string;
  readonly cluster: string;
  readonly nodes: readonly string[];
  /** How long the nodes' certificates are valid; the authority lives ten times as long. */
  readonly validDays: number;
  /** Makes new certificates also for nodes that have one. */
  readonly renew: boolean;
};

/** The files of one node. */
export type NodeFiles = { readonly id: string; readonly cert: string; readonly key: string; readonly isNew: boolean };

/** The files of a cluster. */
export type InitResult = {
  readonly ca: string;
  readonly caKey: string;
  readonly isNewAuthority: boolean;
  readonly nodes: readonly NodeFiles[];
};

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Makes what is missing in the folder. Nothing that exists is overwritten but, with `renew`, the nodes' certificates.
 *
 * Rejects with `QUORATE_CONFIG_INVALID` if a name cannot be used, and with `QUORATE_TLS_UNUSABLE` if the folder has an
 * authority without its key.
 */
export async function initTls(options: InitOptions): Promise<InitResult> {
  for (const name of [options.cluster, ...options.nodes]) checkName(name);
  const path = (name: string): string => join(options.directory, name);
  const [ca, caKey] = [path("ca.pem"), path("ca-key.pem")];
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const known = readAuthority(ca, caKey);
  const authority = known ?? (await createAuthority({ ...options, validDays: options.validDays * 10 }));
  if (known === undefined) writePair({ cert: ca, key: caKey }, authority);
  const nodes: NodeFiles[] = [];
  for (const id of options.nodes) {
    const files = { cert: path(`${id}.pem`), key: path(`${id}-key.pem`) };
    const isNew = options.renew || !existsSync(files.cert) || !existsSync(files.key);
    if (isNew) writePair(files, await issueFor(id, options, authority));
    nodes.push({ id, ...files, isNew });
  }
  return { ca, caKey, isNewAuthority: known === undefined, nodes };
}

function issueFor(id: string, { cluster, validDays }: InitOptions, authority: Pair): Promise<Pair> {
  const identity = certificateIdentity({ clusterId: cluster, nodeId: id });
  return issueCertificate({ authority, identity, subject: `${id} of ${cluster}`, validDays });
}

function readAuthority(cert: string, key: string): Pair | undefined {
  if (!existsSync(cert) && !existsSync(key)) return undefined;
  if (existsSync(cert) && existsSync(key)) {
    const pair = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
    if (isPair(pair)) return pair;
  }
  throw new QuorateError({
    code: "QUORATE_TLS_UNUSABLE",
    message: `${cert} and ${key} do not belong together, or one of them is missing.`,
    hint: "Restore the missing file, or choose another folder: a new authority means new certificates for all nodes.",
  });
}

/** The key first, so that a running node never sees a new certificate without it for long; each file appears whole. */
function writePair(paths: Pair, pair: Pair): void {
  writeWhole(paths.key, pair.key, 0o600);
  writeWhole(paths.cert, pair.cert, 0o644);
}

function writeWhole(path: string, text: string, mode: number): void {
  const draft = `${path}.new`;
  writeFileSync(draft, text, { mode, flush: true });
  renameSync(draft, path);
}

function checkName(name: string): void {
  if (namePattern.test(name)) return;
  throw new QuorateError({
    code: "QUORATE_CONFIG_INVALID",
    message: `"${name}" is not a usable name.`,
    hint: "Use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit.",
  });
}
