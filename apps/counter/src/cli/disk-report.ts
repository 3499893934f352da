// How a directory looks in words: its log, its entries, its snapshots, and the verdict on all of it.

import { basename } from "node:path";
import type { StoredSnapshot } from "@quorate/contracts";
import type {
  Damage,
  LogReport,
  ReportedEntry,
  SegmentReport,
  SnapshotReport,
  SnapshotsReport,
} from "@quorate/storage-file";
import type { SavedSnapshot } from "../offline/snapshot-file.ts";

const intact = field("verified", "every byte is intact");

/** Bytes of an entry's data that are printed. */
const previewBytes = 40;

/** What a whole directory came to. */
export type Verdict = { readonly problems: readonly (Damage | Gap)[]; readonly text: string };
/** The log and the snapshot are intact, but do not meet. */
type Gap = Pick<Damage, "file" | "means" | "remedy"> & { readonly code: "QUORATE_LOG_CORRUPT" };

export function describeLog(report: LogReport): string {
  const { identity, hardState, base, last, configurations } = report;
  const owner =
    identity === undefined
      ? "nobody yet"
      : `node ${identity.nodeId} of cluster ${identity.clusterId}, incarnation ${identity.incarnation}`;
  const voted = hardState.votedFor === undefined ? "no vote in it" : `vote for ${hardState.votedFor}`;
  const isCut = report.damage !== undefined;
  const before =
    base.index === 0 || isCut ? "" : `; entry ${base.index} of term ${base.term} and all before were compacted`;
  const range =
    last.index === base.index ? "none" : `${base.index + 1} to ${last.index}, the last of term ${last.term}`;
  const lines = [
    field("directory", report.directory),
    field("belongs to", owner),
    field("term", `${hardState.term}, ${voted}`),
    field(isCut ? "readable" : "entries", `${range}${before}`),
    ...(configurations.length === 0
      ? []
      : [field("membership", `changed by entry ${configurations.map(({ index }) => index).join(", ")}`)]),
    ...report.segments.map((segment) => field("segment", describeSegment(segment))),
    ...(report.torn === undefined ? [] : [field("torn write", describeTorn(report.torn))]),
  ];
  return `${lines.join("\n")}\n${report.damage === undefined ? "" : `${describeDamage(report.damage)}\n`}`;
}

function describeSegment({ file, sizeBytes, usedBytes, state, entries }: SegmentReport): string {
  const name = basename(file);
  if (state === "unread") return `${name}  not read: it is, or stands behind, what is damaged`;
  if (state === "spare") return `${name}  made ahead, not used yet`;
  const held = entries === undefined ? "no entry of the log" : `entries ${entries.firstIndex} to ${entries.lastIndex}`;
  return `${name}  ${held}, ${sizeText(usedBytes)} of ${sizeText(sizeBytes)} used`;
}

function describeTorn({ file, offset, bytes }: NonNullable<LogReport["torn"]>): string {
  return `${bytes} bytes at offset ${offset} of ${basename(file)}: never acknowledged, the next start removes them`;
}

/** One line for one entry. */
export function describeEntry({ index, term, kind, data, file, offset }: ReportedEntry): string {
  const place = `${basename(file)}+${offset}`;
  const content = data.length === 0 ? "" : `  ${previewOf(data)}`;
  return `${String(index).padStart(8)}  term ${String(term).padEnd(4)} ${kind.padEnd(13)} ${String(data.length).padStart(7)} bytes  ${place}${content}\n`;
}

export function jsonOfEntry({ data, ...entry }: ReportedEntry): object {
  return { ...entry, bytes: data.length, data: Buffer.from(data).toString("base64") };
}

export function describeSnapshots({ snapshots, unfinished, directory }: SnapshotsReport): string {
  const lines = snapshots.flatMap((one, position) => describeSnapshot(one, position === snapshots.length - 1));
  if (snapshots.length === 0) lines.push(`no snapshot in ${directory}`);
  for (const name of unfinished) lines.push(field("unfinished", `${name}: the next start removes it`));
  return `${lines.join("\n")}\n`;
}

function describeSnapshot({ file, index, stored, damage }: SnapshotReport, isLatest: boolean): readonly string[] {
  const use = isLatest ? "the node starts from it" : "an older one, which the next start removes";
  const lines = [field("snapshot", `${basename(file)}  ${use}`)];
  if (stored !== undefined) lines.push(...describeStored({ ...stored, index }));
  lines.push(damage === undefined ? intact : describeDamage(damage));
  return lines;
}

/** A snapshot in a file of its own, which was verified. */
export function describeSaved(file: string, saved: SavedSnapshot): string {
  const from = field("snapshot", `${basename(file)}  saved from node ${saved.node} of cluster ${saved.cluster}`);
  return `${[from, ...describeStored(saved), intact].join("\n")}\n`;
}

function describeStored({ index, term, configuration, sizeBytes, checksum }: StoredSnapshot): readonly string[] {
  const { voters, learners, outgoing } = configuration;
  const leaving = outgoing === undefined ? "" : `; leaving joint consensus with ${outgoing.join(", ")}`;
  const listening = learners.length === 0 ? "" : `; learners ${learners.join(", ")}`;
  return [
    field("holds", `the state after entry ${index} of term ${term}, ${sizeText(sizeBytes)}`),
    field("membership", `voters ${voters.join(", ")}${listening}${leaving}`),
    field("checksum", checksum.toString(16).padStart(8, "0")),
  ];
}

/** Whether log and snapshots are intact and fit together. */
export function describeVerdict(log: LogReport, { snapshots }: SnapshotsReport): Verdict {
  const latest = snapshots.at(-1);
  const damages = [log.damage, ...snapshots.map(({ damage }) => damage)].filter((damage) => damage !== undefined);
  const gap = damages.length === 0 ? gapBetween(log, latest) : undefined;
  const problems = gap === undefined ? damages : [gap];
  const texts = problems.map((problem) => ("offset" in problem ? describeDamage(problem) : describeGap(problem)));
  if (problems.length > 0) return { problems, text: `${log.directory}: damaged\n${texts.join("\n")}\n` };
  const { base, last, hardState } = log;
  const start = latest === undefined ? "" : `snapshot ${latest.index}, then `;
  const entries = last.index === base.index ? "no entry" : `entries ${base.index + 1} to ${last.index}`;
  const torn = log.torn === undefined ? "" : `${field("torn write", describeTorn(log.torn))}\n`;
  return { problems, text: `${log.directory}: intact (${start}${entries}, term ${hardState.term})\n${torn}` };
}

function gapBetween(log: LogReport, latest: SnapshotReport | undefined): Gap | undefined {
  if (log.base.index <= (latest?.index ?? 0)) return undefined;
  const found = latest === undefined ? "there is none" : `the latest ends at entry ${latest.index}`;
  return {
    code: "QUORATE_LOG_CORRUPT",
    file: log.directory,
    means: `The log begins after entry ${log.base.index}, so a snapshot up to there is needed, but ${found}.`,
    remedy: "Do not start from it: let the other nodes bring this one up to date in an empty directory.",
  };
}

function describeDamage({ code, file, offset, expected, found, means, remedy }: Damage): string {
  return [
    `${code} in ${file}, offset ${offset}`,
    field("expected", expected),
    field("found", found),
    field("means", means),
    field("remedy", remedy),
  ].join("\n");
}

function describeGap({ code, file, means, remedy }: Gap): string {
  return [`${code} in ${file}`, field("means", means), field("remedy", remedy)].join("\n");
}

function field(name: string, text: string): string {
  return `  ${name.padEnd(11)} ${text}`;
}

function previewOf(data: Uint8Array): string {
  const text = Buffer.from(data.subarray(0, previewBytes))
    .toString("latin1")
    .replaceAll(/[^\x20-\x7e]/g, ".");
  return data.length > previewBytes ? `${text}…` : text;
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
