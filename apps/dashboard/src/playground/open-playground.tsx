// Puts the playground into the page: its views, the keys of the keyboard, and the link that the page was opened with.

import { effect } from "@preact/signals";
import { render } from "preact";
import { PlaygroundView } from "../view/playground-view.tsx";
import { onKey } from "./keys.ts";
import { Playground } from "./playground.ts";

/** Opens the page. `startWorker` starts a worker that serves one run. */
export function openPlayground(startWorker: () => Worker): void {
  const playground = new Playground(startWorker);
  const place = document.getElementById("playground");
  if (place === null) throw new Error("the page has no place for the playground");
  place.replaceChildren();
  render(<PlaygroundView playground={playground} />, place);
  document.addEventListener("keydown", (event) => onKey(playground, event));
  globalThis.addEventListener("hashchange", () => void playground.open(location.hash));
  void playground.open(location.hash);
  effect(() => {
    if (playground.run.value !== undefined) void showLink(playground);
  });
}

/** The address always leads to the run that is shown. */
async function showLink(playground: Playground): Promise<void> {
  const link = await playground.link();
  if (link !== undefined) history.replaceState(null, "", link);
}
