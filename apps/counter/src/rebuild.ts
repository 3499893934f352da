// A node whose own files are damaged must not vote or acknowledge with what is left of them. It stops and says what can be
// done; or, if it was told to, it sets the files aside and starts anew: the others know that it has forgotten what it had
// promised, take it back as a learner, and give it its vote again when it has caught up.

import { mkdir, open, readdir, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import { codeOf, QuorateError } from "@quorate/contracts";
import type { Logger } from "pino";
import { storeFiles } from "./compose.ts";
import type { Config } from "./config/types.ts";
import { urlOf } from "./http/listener.ts";

type Context = {
  readonly config: Config;
  /** How long to wait for a leader among the others, who may be starting too. Default 30,000 ms. */
  readonly leaderWithinMs?: number;
};

const defaultLeaderWithinMs = 30_000;
const askEveryMs = 250;
const answerWithinMs = 1000;

/**
 * Starts a node. If its files are damaged, rejects with advice, or moves them into a folder of the data directory and starts
 * again, as the configuration says.
 *
 * Rejects with `QUORATE_REBUILD_IMPOSSIBLE`, and touches nothing, if the other members have no leader: without a majority of
 * intact voters nobody can take this node back.
 */
export async function startOrRebuild<Service>(
  context: Context & { readonly logger: Logger },
  start: () => Promise<Service>,
): Promise<Service> {
  try {
    return await start();
  } catch (error) {
    const { config, logger } = context;
    if (!(error instanceof Error) || !isDamage(error)) throw error;
    const { code, message } = error;
    if (config.storage.onCorruption === "halt") throw withAdvice({ code, message }, config, error);
    logger.error({ code, detail: message }, "storeDamaged");
    logger.warn(await setDamageAside(context, { code, message }), "rebuilding");
    return start();
  }
}

/**
 * Makes room for a store that gets everything from the others. Resolves with the folder that keeps the damaged files, and who
 * leads the others. Nobody may have the files open.
 */
export async function setDamageAside(
  context: Context,
  damage: Damage,
): Promise<{ readonly keptIn: string; readonly leader: string }> {
  const { config } = context;
  const leader = await findLeader(context);
  if (leader === undefined) throw impossible(damage, config);
  return { keptIn: await setAside(config.data), leader };
}

/** Whether an error says that what is stored is not what was written. */
export function isDamage<Failure>(failure: Failure): failure is Failure & { readonly code: string } {
  const code = codeOf(failure);
  return code === "QUORATE_LOG_CORRUPT" || code === "QUORATE_SNAPSHOT_CORRUPT";
}

type Damage = { readonly code: string; readonly message: string };

function withAdvice({ code, message }: Damage, { data, storage }: Config, cause: unknown): QuorateError {
  const look = storage.type === "file" ? `To see the damage: quorate log verify ${data}. ` : "";
  return new QuorateError({
    code,
    message,
    hint:
      `This node must not vote or acknowledge with what is left, so it has not started and nothing was changed. ${look}` +
      "While a majority of the others is intact they have everything: start this node with --rebuild, or with " +
      '"storage": {"onCorruption": "rebuild"}. It keeps the damaged files in a folder of the data directory, and gets ' +
      "log and vote back from the others.",
    cause,
  });
}

function impossible({ message }: Damage, { id, members, data }: Config): QuorateError {
  const voters = Object.keys(members).length;
  const quorum = Math.floor(voters / 2) + 1;
  return new QuorateError({
    code: "QUORATE_REBUILD_IMPOSSIBLE",
    message:
      `The files of ${id} are damaged and the other nodes have no leader, so nobody can take it back: that needs ` +
      `${quorum} of ${voters} nodes with intact files. ${message}`,
    hint:
      `Nothing was changed. If other nodes are down, start them, then this one again. If the files of ${voters - quorum + 1} ` +
      `or more nodes are damaged, what was acknowledged may be on none of the others: do not delete anything, and keep ` +
      `${data} and the others' directories. Then form a new cluster, either from a backup (quorate snapshot restore) or ` +
      "from the intact node that has most of the log (quorate recover, which says what may be lost).",
  });
}

/** The id of a leader that another member knows: proof that a majority has intact stores without this one. */
async function findLeader(context: Context): Promise<string | undefined> {
  const { config, leaderWithinMs = defaultLeaderWithinMs } = context;
  const members = Object.entries(config.members);
  const others = members.filter(([id]) => id !== config.id).map(([, { http }]) => urlOf(http));
  const deadlineMs = performance.now() + (others.length === 0 ? 0 : leaderWithinMs);
  for (;;) {
    const leaders = await Promise.all(others.map((url) => askForLeader(url, config)));
    const leader = leaders.find((one) => one !== undefined);
    if (leader !== undefined || performance.now() >= deadlineMs) return leader;
    await new Promise((done) => setTimeout(done, askEveryMs));
  }
}

async function askForLeader(url: string, { cluster, id }: Config): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(answerWithinMs) });
    // The answer's shape is part of the interface; what does not have it has no leader.
    const status = (await response.json()) as { cluster?: unknown; leader?: { id?: unknown } | null };
    const leader = status.cluster === cluster ? status.leader?.id : undefined;
    return typeof leader === "string" && leader !== id ? leader : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Moves log and snapshots into a new folder of the directory, what says whose they are first: a store that was moved in part
 * is then nobody's, and never taken for a whole one. Inside the directory, since that may be a mounted volume.
 */
async function setAside(directory: string): Promise<string> {
  const folder = join(resolve(directory), `damaged-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`);
  await mkdir(folder);
  const names = (await readdir(directory)).filter(storeFiles.isOne);
  const isFirst = (name: string): boolean => storeFiles.identities.includes(name);
  for (const name of [...names.filter(isFirst), ...names.filter((one) => !isFirst(one))]) {
    await rename(join(directory, name), join(folder, name));
    if (isFirst(name)) await sync([folder, directory]);
  }
  await sync([folder, directory]);
  return folder;
}

async function sync(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
