// The last minute: what each node was, and where something was done to the cluster.

import { useSignal } from "@preact/signals";
import type { Sections } from "@quorate/counter/demo/page/protocol";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { bandsOf } from "../view/bands.ts";
import { Lanes } from "../view/lanes.tsx";
import type { Live } from "./live.ts";
import { Sparkline } from "./sparkline.tsx";

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
    <section class="panel timeline" aria-label="The last minute">
      <h2>The last minute</h2>
      <div>
        <Lanes lanes={lanes} marks={marks} fromMs={fromMs} untilMs={nowMs} />
        <Sparkline values={sections.load.perSecond} />
        <p class="axis" aria-hidden="true">
          <span>60 s ago</span>
          <span>30 s</span>
          <span>now</span>
        </p>
      </div>
      <p class="legend">
        ◆ something was done to the cluster. Thick: leads, strokes: campaigns, thin: follows, dotted: away. Colour:
        term. Bars: writes acknowledged in each second.
      </p>
    </section>
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
