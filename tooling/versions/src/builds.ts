// All versions of the code that clusters are mixed of, oldest first: the frozen builds, then this working tree.

import { readdirSync } from "node:fs";
import type { Build } from "@quorate/simulator";
import * as today from "./today.ts";

const folder = new URL("../builds/", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".js"))
  .map((file) => file.slice(0, -".js".length))
  .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));

/** Builds that were kept at earlier releases. */
export const frozenBuilds: readonly Build[] = await Promise.all(names.map(load));

/** The build that this working tree makes. */
export const presentBuild: Build = { name: "present", ...today };

/** What `quorate-simulate --builds` takes. */
export const builds: readonly Build[] = [...frozenBuilds, presentBuild];

async function load(name: string): Promise<Build> {
  // Made by freeze.ts from today.ts.
  const { start, codec } = (await import(new URL(`${name}.js`, folder).href)) as typeof today;
  return { name, start, codec };
}
