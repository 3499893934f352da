// The file that says whom the log belongs to. Written once: under a temporary name, synced, renamed, directory synced.

import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { StoreIdentity } from "@quorate/contracts";
import { formatUnsupported, logCorrupt, storageFailed } from "./errors.ts";
import { type FileSystem, readBytes } from "./file-system.ts";
import { segmentFileName } from "./segment-files.ts";

const identityFileName = "identity.json";
const IDENTITY_VERSION = 1;
const unfinishedName = `${identityFileName}.tmp`;

/** An identity and the log that it was written for. */
export type StoredIdentity = {
  readonly identity: StoreIdentity;
  /** The log's id in hexadecimal digits. */
  readonly logId: string;
};

type Place = { readonly fileSystem: FileSystem; readonly directory: string };

/** Stores the identity durably. */
export async function writeIdentity({ fileSystem, directory }: Place, stored: StoredIdentity): Promise<void> {
  const path = join(directory, identityFileName);
  const temporary = join(directory, unfinishedName);
  const content = JSON.stringify(stored);
  const text = `${JSON.stringify({ format: IDENTITY_VERSION, checksum: crc32(content), content }, undefined, 2)}\n`;
  try {
    const file = await fileSystem.open(temporary, "create");
    try {
      await file.write(new TextEncoder().encode(text), 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await fileSystem.rename({ from: temporary, to: path });
    await fileSystem.syncDirectory(directory);
  } catch (cause) {
    throw storageFailed({ action: "write the identity", path, cause });
  }
}

/** The identity that was stored; undefined if there is none. */
export async function readIdentity(
  { fileSystem, directory }: Place,
  names: readonly string[],
): Promise<StoredIdentity | undefined> {
  if (!names.includes(identityFileName)) return undefined;
  const path = join(directory, identityFileName);
  const bytes = await readBytes(fileSystem, { path, position: 0 });
  const outer = parse(new TextDecoder().decode(bytes));
  const version: unknown = outer?.["format"];
  if (typeof version === "number" && version > IDENTITY_VERSION) {
    throw formatUnsupported({ file: path, version, supported: IDENTITY_VERSION });
  }
  const content: unknown = outer?.["content"];
  if (typeof content !== "string" || crc32(content) !== outer?.["checksum"]) {
    throw logCorrupt({ file: path, offset: 0, expected: "an identity with its checksum", found: "something else" });
  }
  // The checksum says that this is what `writeIdentity` wrote.
  return JSON.parse(content) as StoredIdentity;
}

/** Fails unless the log that was found is the one that the identity was written for. */
export function refuseOtherLog(
  { directory }: Place,
  identity: StoredIdentity,
  found: { readonly logId: Uint8Array; readonly firstSegmentId: number } | undefined,
): void {
  const logId = found === undefined ? undefined : Buffer.from(found.logId).toString("hex");
  if (logId === identity.logId) return;
  throw logCorrupt({
    file: join(directory, segmentFileName(found?.firstSegmentId ?? 1)),
    offset: 0,
    expected: `the log ${identity.logId} that the identity names`,
    found: logId === undefined ? "no segment" : `segments of log ${logId}`,
  });
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
