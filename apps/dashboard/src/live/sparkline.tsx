// Writes in each of the last sixty seconds, as bars: a pause is a gap that nobody overlooks.

import type { JSX } from "preact";
import { count } from "./numbers.ts";

const SECONDS = 60;
const HEIGHT = 56;

/** The bars, the latest at the right, with the highest and the latest in words. */
export function Sparkline({ values }: { readonly values: readonly number[] }): JSX.Element {
  const highest = Math.max(1, ...values);
  const latest = values.at(-1) ?? 0;
  return (
    <div class="sparkline">
      <p aria-hidden="true">
        {count(Math.max(0, ...values))}
        <br />
        per s
      </p>
      <svg
        viewBox={`0 0 ${SECONDS * 4} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Writes per second in the last minute: ${count(latest)} in the latest, ${count(Math.max(0, ...values))} at most, ${count(Math.min(...values, latest))} at least`}
      >
        {values.map((value, position) => {
          const height = (value / highest) * (HEIGHT - 2);
          const x = (SECONDS - values.length + position) * 4;
          return <rect key={position} x={x} y={HEIGHT - Math.max(1, height)} width={3} height={Math.max(1, height)} />;
        })}
      </svg>
    </div>
  );
}
