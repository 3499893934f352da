// One lane for each node: a thick bar while it leads, a thin line while it follows, a row of strokes while it campaigns, a gap
// while it is down. Above them, where faults happened. Both pages draw their time with it.

import { type ReadonlySignal, useComputed, useSignal } from "@preact/signals";
import type { JSX, TargetedMouseEvent } from "preact";
import type { Band } from "./bands.ts";
import { termColour } from "./term-colour.ts";

const LANE = 16;
const TOP = 14;

type Props = {
  readonly lanes: readonly { readonly id: string; readonly bands: readonly Band[] }[];
  /** When faults happened. */
  readonly marks: readonly number[];
  readonly fromMs: number;
  readonly untilMs: number;
  /** The moment that is shown, if the lanes are more than what is now. */
  readonly cursorMs?: ReadonlySignal<number>;
  /** A click goes to a moment. */
  readonly onSeek?: (atMs: number) => void;
};

/** A stretch of time at a glance. What it says is said in words elsewhere on the page. */
export function Lanes({ lanes, marks, fromMs, untilMs, cursorMs, onSeek }: Props): JSX.Element {
  const spanMs = Math.max(1, untilMs - fromMs);
  const place: Place = (atMs) => `${((atMs - fromMs) / spanMs) * 100}%`;
  const height = TOP + lanes.length * LANE;
  const seek = (event: TargetedMouseEvent<SVGSVGElement>): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    onSeek?.(fromMs + ((event.clientX - left) / width) * spanMs);
  };
  return (
    <div class={onSeek === undefined ? "lanes" : "lanes seekable"}>
      <div class="lane-names" aria-hidden="true">
        {lanes.map(({ id }) => (
          <span key={id}>{id}</span>
        ))}
      </div>
      <svg height={height} aria-hidden="true" onClick={seek}>
        {marks.map((atMs, position) => (
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
        {cursorMs !== undefined && <Cursor atMs={cursorMs} place={place} height={height} />}
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

function Cursor(props: { readonly atMs: ReadonlySignal<number>; readonly place: Place; readonly height: number }) {
  const position = useSignal(props.place);
  position.value = props.place;
  const x = useComputed(() => position.value(props.atMs.value));
  return <line class="cursor" x1={x} x2={x} y1={0} y2={props.height} />;
}
