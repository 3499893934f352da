// A run as a file, and as a link: everything that decides it, besides the code of its state machine and workload.

import type { Settings } from "./options.ts";

/** Where links to the playground lead if nobody says otherwise: to where `apps/dashboard` of Quorate's repository serves it. */
export const PLAYGROUND_URL = "http://localhost:7420/";

const VERSION = 1;
/** The largest scenario that a link may hold. */
const MAX_SCENARIO_BYTES = 1_048_576;

/** What the part of a link behind the `#` begins with: how the rest is packed. */
const PACKED = `v${VERSION}.`;

/** A run as one line of JSON: what a file for `quorate-simulate --script` holds. */
export function scenarioText(settings: Settings): string {
  return JSON.stringify({ version: VERSION, settings });
}

/** The settings in such a text. Throws a `RangeError` on anything else; `simulate` checks the values. */
export function parseScenario(text: string): Settings {
  const parsed: unknown = parse(text);
  if (typeof parsed !== "object" || parsed === null || !("version" in parsed) || !("settings" in parsed)) {
    throw new RangeError('not a scenario: expected {"version":1,"settings":{…}}');
  }
  if (parsed.version !== VERSION) throw new RangeError(`a scenario of version ${String(parsed.version)}: expected 1`);
  if (typeof parsed.settings !== "object" || parsed.settings === null || !("seed" in parsed.settings)) {
    throw new RangeError("a scenario without settings or without a seed");
  }
  // The options of `simulate` are checked where they are used, each with a message of its own.
  return parsed.settings as Settings;
}

/** A link that opens the run in the playground: the scenario, compressed, behind the `#`, so that no server sees it. */
export async function playgroundLink(settings: Settings, base: string = PLAYGROUND_URL): Promise<string> {
  const bytes = new TextEncoder().encode(scenarioText(settings));
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const compressed = new Uint8Array(await new Response(packed).arrayBuffer());
  const base64 = btoa(Array.from(compressed, (byte) => String.fromCharCode(byte)).join(""));
  return `${base}#${PACKED}${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** Whether a text looks like a link to a run, or the part of one from the `#` on, of whatever version. */
export function isPlaygroundLink(text: string): boolean {
  return /#v\d+\./.test(text);
}

/** The settings in a link, or in the part of it behind the `#`. Throws a `RangeError` that says what is wrong with it. */
export async function readPlaygroundLink(link: string): Promise<Settings> {
  const fragment = link.slice(link.indexOf("#") + 1);
  const [, version, content] = /^v(\d+)\.(.*)$/.exec(fragment) ?? [];
  if (version === undefined || content === undefined) throw new RangeError("not a playground link: expected #v1.…");
  if (version !== String(VERSION)) throw new RangeError(`a playground link of version ${version}: expected ${VERSION}`);
  return parseScenario(await unpack(content));
}

async function unpack(base64url: string): Promise<string> {
  try {
    const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return await new Response(unpacked.pipeThrough(atMost(MAX_SCENARIO_BYTES))).text();
  } catch (cause) {
    throw new RangeError("a damaged playground link: was it copied whole?", { cause });
  }
}

/** A short link can unpack to something huge. */
function atMost(maxBytes: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) controller.error(new RangeError(`a scenario of more than ${maxBytes} bytes`));
      else controller.enqueue(chunk);
    },
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RangeError(`not a scenario: ${String(error)}`, { cause: error });
  }
}
