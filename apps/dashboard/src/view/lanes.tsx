// One lane for each node: a thick bar while it leads, a thin line while it follows, a row of strokes while it campaigns, a gap
// while it is down. Above them, where faults happened.

import { useComputed, useSignal } from "@preact/signals";
import type { JSX, TargetedMouseEvent } from "preact";
import { useMemo } from "preact/hooks";
import type { Playground } from "../playground/playground.ts";
import type { FinishedRun } from "../run/report.ts";
import { type Band, bandsOf } from "./bands.ts";
import { termColour } from "./term-colour.ts";

const LANE = 16;
const TOP = 14;

/** The whole run at a glance; a click goes to that moment. */
export function Lanes({
  playground,
  run,
}: {
  readonly playground: Playground;
  readonly run: FinishedRun;
}): JSX.Element {
  const first = run.steps[0]?.atMs ?? 0;
  const span = Math.max(1, (run.steps.at(-1)?.atMs ?? 0) - first);
  const place: Place = (atMs) => `${((atMs - first) / span) * 100}%`;
  const lanes = useMemo(() => bandsOf(run.steps), [run]);
  const height = TOP + lanes.length * LANE;
  const seek = (event: TargetedMouseEvent<SVGSVGElement>): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    playground.seekTime(first + ((event.clientX - left) / width) * span);
  };
  return (
    <div class="lanes">
      <div class="lane-names" aria-hidden="true">
        {lanes.map(({ id }) => (
          <span key={id}>{id}</span>
        ))}
      </div>
      {/* The slider below does the same for the keyboard, and the log says the same in words. */}
      <svg height={height} aria-hidden="true" onClick={seek}>
        {run.script.map(({ atMs }, position) => (
          <svg key={position} x={place(atMs)} overflow="visible">
            <path class="mark" d="M0 1 l4 5 l-4 5 l-4 -5 z" />
          </svg>
        ))}
        {lanes.map(({ id, bands }, lane) => (
          <g key={id}>
            {bands.map((band, position) => (
              <Bar key={position} band={band} place={place} y={TOP + lane * LANE + LANE / 2} />
            ))}
          </g>
        ))}
        <Cursor playground={playground} place={place} height={height} />
      </svg>
    </div>
  );
}

/** Where a moment is, as a share of the width. */
type Place = (atMs: number) => string;

type BarProps = { readonly band: Band; readonly place: Place; readonly y: number };

function Bar({ band, place, y }: BarProps): JSX.Element {
  const ends = { x1: place(band.fromMs), x2: place(band.untilMs), y1: y, y2: y };
  return <line class={`band ${band.kind}`} {...ends} style={{ stroke: termColour(band.term) }} />;
}

function Cursor(props: { readonly playground: Playground; readonly place: Place; readonly height: number }) {
  const position = useSignal(props.place);
  position.value = props.place;
  const x = useComputed(() => position.value(props.playground.step.value?.atMs ?? 0));
  return <line class="cursor" x1={x} x2={x} y1={0} y2={props.height} />;
}
