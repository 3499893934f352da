// The last minute: what each node was, and where something was done to the cluster.

import { useSignal } from "@preact/signals";
import type { Sections } from "@quorate/counter/demo/page/protocol";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { bandsOf } from "../view/bands.ts";
import { Lanes } from "../view/lanes.tsx";
import type { Live } from "./live.ts";

/** How much time is shown, in ms. */
const WINDOW_MS = 60_000;
/** How often the lanes move on, in ms; less often for readers who want less motion. */
const MOVES_MS = 250;
const MOVES_CALMLY_MS = 2000;

/** The timeline. The story says the same in words. */
export function TimelineView({ live, sections }: { readonly live: Live; readonly sections: Sections }): JSX.Element {
  const nowMs = useNow(live);
  const fromMs = nowMs - WINDOW_MS;
  const lanes = sections.lanes.map(({ id, changes }) => ({
    id,
    bands: bandsOf(changes, nowMs)
      .filter((band) => band.untilMs > fromMs && band.fromMs < nowMs)
      .map((band) => ({ ...band, fromMs: Math.max(fromMs, band.fromMs), untilMs: Math.min(nowMs, band.untilMs) })),
  }));
  const marks = sections.story.filter(({ kind, atMs }) => kind === "fault" && atMs > fromMs).map(({ atMs }) => atMs);
  return (
    <figure class="timeline">
      <Lanes lanes={lanes} marks={marks} fromMs={fromMs} untilMs={nowMs} />
      <figcaption>
        <span>a minute ago</span>
        <span>thick: leads, strokes: campaigns, thin: follows, dotted: away, ◆ something was done; colour: term</span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}

/** The time by the demo's clock; it stands still while the picture is not true. */
function useNow(live: Live): number {
  const nowMs = useSignal(live.nowMs());
  useEffect(() => {
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const move = (): void => {
      if (live.connection.value.type === "live") nowMs.value = live.nowMs();
    };
    const timer = setInterval(move, isCalm ? MOVES_CALMLY_MS : MOVES_MS);
    return () => clearInterval(timer);
  }, [live, nowMs]);
  return nowMs.value;
}
