// The entry point of the demo: options, signals, exit code, and the promise that no process outlives it.

import { constants } from "node:os";
import { codeOf, QuorateError } from "@quorate/contracts";
import { runInteractive } from "./interactive.ts";
import { type DemoOptions, parseOptions, usage } from "./options.ts";
import { type OpenPage, openPage, pageIsNotBuilt } from "./page/open-page.ts";
import { describeVerdict, reportOf } from "./report.ts";
import { Session } from "./session.ts";
import { EventList, type Story, timeOfDay } from "./story.ts";
import { runUnattended } from "./unattended.ts";

const usageExitCode = 2;

const stopped = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // A second signal means now; the processes are killed on exit.
    if (stopped.signal.aborted) process.exit(128 + constants.signals[signal]);
    process.exitCode = 128 + constants.signals[signal];
    stopped.abort(new Error(`stopped by ${signal}`));
  });
}

const exitCode = await main();
process.exit(process.exitCode ?? exitCode);

async function main(): Promise<number> {
  try {
    const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
    const demo = parseOptions(process.argv.slice(2), isTerminal);
    if (demo === undefined) {
      console.log(usage);
      return 0;
    }
    return await (demo.once ? unattended(demo) : interactive(demo));
  } catch (error) {
    console.error(`demo: ${describeError(error)}`);
    return codeOf(error) === "QUORATE_USAGE" ? usageExitCode : 1;
  }
}

function describeError(error: unknown): string {
  if (error instanceof QuorateError) return `${error.message} ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}

/** Talk goes to stderr; stdout carries the report alone. */
async function unattended(demo: DemoOptions): Promise<number> {
  const talk: Story = { tell: (line) => console.error(`${timeOfDay()}  ${line}`) };
  const events = new EventList(talk);
  events.tell(`starting ${demo.nodes} nodes, ${demo.transport}, ${demo.storage} storage in a temporary directory`);
  return withSession(demo, events, async ({ session, page, ended }) => {
    if (demo.page) console.error(`Dashboard  ${page?.url ?? pageIsNotBuilt}`);
    const verdict = await orStopped(runUnattended({ session, demo, story: talk, ended }));
    page?.conclude(verdict);
    for (const line of describeVerdict(verdict, demo.nodes)) console.error(line);
    console.log(JSON.stringify(reportOf(demo, verdict, session.failoversMs)));
    return verdict.holds ? 0 : 1;
  });
}

async function interactive(demo: DemoOptions): Promise<number> {
  console.log(`starting ${demo.nodes} nodes …`);
  const events = new EventList();
  return withSession(demo, events, async ({ session, page, ended }) => {
    const onInterrupt = (): void => void process.emit("SIGINT");
    const { signal } = stopped;
    const verdict = await orStopped(runInteractive({ session, demo, events, page, ended, signal, onInterrupt }));
    page?.conclude(verdict);
    console.log("");
    for (const line of describeVerdict(verdict, demo.nodes)) console.log(line);
    return verdict.holds ? 0 : 1;
  });
}

/** A run with its page, if it is to have one. */
type Run = {
  readonly session: Session;
  readonly page: OpenPage | undefined;
  /** Aborted when the page ends the run. */
  readonly ended: AbortSignal;
};

async function withSession(demo: DemoOptions, events: EventList, use: (run: Run) => Promise<number>): Promise<number> {
  const session = await start(demo, events);
  const ended = new AbortController();
  let page: OpenPage | undefined;
  try {
    if (demo.page) page = await openPage({ session, demo, events, end: () => ended.abort() });
    return await use({ session, page, ended: ended.signal });
  } finally {
    await page?.close();
    await session.close();
  }
}

function start(demo: DemoOptions, story: Story): Promise<Session> {
  const onFailure = (message: string): void => stopped.abort(new Error(message));
  return orStopped(Session.start({ demo, story, signal: stopped.signal, onFailure }));
}

/** Rejects as soon as the demo is stopped, whatever `work` waits for. */
async function orStopped<Result>(work: Promise<Result>): Promise<Result> {
  const { signal } = stopped;
  const stopping = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  return Promise.race([work, stopping]);
}
