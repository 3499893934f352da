// Opens the page of a run: a server on loopback with a token of its own, and the clocks that keep the page up to date.

import { randomBytes } from "node:crypto";
import { listenHttp, urlOf } from "../../http/listener.ts";
import type { Verdict } from "../proof.ts";
import { createPageHandler } from "./app.ts";
import { carryOut, type CommandTargets } from "./commands.ts";
import { Feed } from "./feed.ts";
import { builtPageFolder, readPageFiles } from "./files.ts";
import { Picture, type PictureSources } from "./picture.ts";

/** How often the page gets what is new, in ms: ten frames a second. */
const frameEveryMs = 100;
/** How often nodes are asked while no page is open, in ms; a page that opens wants to see the last minute. */
const idleEveryMs = 500;
/** How often the page hears that the demo is there, and nodes are asked what their faults have done. */
const beatEveryMs = 1000;
/** Time for the last frame to reach the page. */
const graceMs = 1000;

/** What to say instead of an address where the page is not built. */
export const pageIsNotBuilt = "not built: in a clone of the repository, `npx -y pnpm@12.21.0 demo` builds it";

/** A page that is served. */
export type OpenPage = {
  /** The address, with the token. */
  readonly url: string;
  /** Shows how the proof ended. */
  conclude(verdict: Verdict): void;
  /** Ends the streams and the server. Idempotent. */
  close(): Promise<void>;
};

/** What a page needs. */
export type PageOptions = PictureSources & {
  /** Called when the page asks for the end of the run. */
  readonly end: () => void;
  /** The built files. Default: where the repository builds them. */
  readonly folder?: string;
};

/** Serves the page; undefined where it is not built. */
export async function openPage(options: PageOptions): Promise<OpenPage | undefined> {
  const { session, events, end, folder = builtPageFolder } = options;
  const files = await readPageFiles(folder);
  if (files === undefined) return undefined;
  const picture = new Picture(options);
  const feed = new Feed(() => picture.read());
  const token = randomBytes(16).toString("base64url");
  const targets: CommandTargets = { session, story: events, end };
  const listener = await listenHttp({
    listen: { host: "127.0.0.1", port: 0 },
    handler: createPageHandler({ token, files, feed, carryOut: (command) => carryOut(command, targets) }),
    onDefect: (error) => events.tell(`the page failed: ${String(error)}`),
    limits: { maxConnections: 64 },
  });
  const stopLooking = lookOnAndOn(picture, () => (feed.readers > 0 ? frameEveryMs : idleEveryMs));
  const frames = setInterval(() => {
    picture.note();
    feed.tick();
  }, frameEveryMs);
  const beats = setInterval(() => {
    session.cluster.askForFaults();
    feed.beat();
  }, beatEveryMs);
  return {
    url: `${urlOf(listener.address)}/?token=${token}`,
    conclude: (verdict) => picture.conclude(verdict),
    async close() {
      stopLooking();
      clearInterval(frames);
      clearInterval(beats);
      feed.close();
      await listener.close(graceMs);
    },
  };
}

/** Asks the nodes again and again, each time a while after they have answered. */
function lookOnAndOn(picture: Picture, pauseMs: () => number): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const look = async (): Promise<void> => {
    await picture.look();
    if (!isOver) timer = setTimeout(() => void look(), pauseMs());
  };
  void look();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
