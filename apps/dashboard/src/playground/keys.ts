// The keys that walk through a run, wherever the focus is, except where it is typed or chosen.

import type { Playground } from "./playground.ts";

/** Does what a key means, if it means something here. */
export function onKey(playground: Playground, event: KeyboardEvent): void {
  if (playground.run.value === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof Element && isBusy(event.target, event.key)) return;
  const act = actionOf(playground, event);
  if (act === undefined) return;
  event.preventDefault();
  act();
}

function actionOf(playground: Playground, { key, shiftKey }: KeyboardEvent): (() => void) | undefined {
  switch (key) {
    case "ArrowRight":
      return () => (shiftKey ? playground.leap(1) : playground.walk(1));
    case "ArrowLeft":
      return () => (shiftKey ? playground.leap(-1) : playground.walk(-1));
    case "Home":
      return () => playground.seek(0);
    case "End":
      return () => playground.seek(Infinity);
    case " ":
      return () => playground.togglePlay();
    default:
      return undefined;
  }
}

/** Whether the element has a use of its own for the key. */
function isBusy(target: Element, key: string): boolean {
  if (target.matches("input[type=range]")) return false;
  if (target.matches("input, select, textarea")) return true;
  return key === " " && target.matches("button, a, summary");
}
