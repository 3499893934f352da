// A run as a file, and as a link: everything that decides it, besides the code of its state machine and workload.

import type { Settings } from "./options.ts";

/** Where links to the playground lead if nobody says otherwise. */
export const PLAYGROUND_URL = "https://quorate.dev/playground/";

const VERSION = 1;

/** A run as one line of JSON: what `quorate-simulate --script FILE` takes. */
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
  return `${base}#${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/** The settings in a link, or in the part of it behind the `#`. Throws a `RangeError` if there are none. */
export async function readPlaygroundLink(link: string): Promise<Settings> {
  const fragment = link.slice(link.indexOf("#") + 1);
  const base64 = fragment.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return parseScenario(await new Response(unpacked).text());
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RangeError(`not a scenario: ${String(error)}`, { cause: error });
  }
}
