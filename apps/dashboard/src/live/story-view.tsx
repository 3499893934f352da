// What happened, in the words of the demo, the newest first.

import type { Sections } from "@quorate/counter/demo/page/protocol";
import type { JSX } from "preact";

type Event = Sections["story"][number];

/** The story. New lines are read out. */
export function StoryView({ events }: { readonly events: readonly Event[] }): JSX.Element {
  return (
    <section class="panel story" aria-label="Story">
      <h2>Story</h2>
      {/* It scrolls, so it takes the focus. */}
      <div role="log" aria-live="polite" aria-label="Events, the newest first" tabIndex={0}>
        <ol reversed>
          {events.toReversed().map(({ atMs, time, kind, text }) => (
            <li key={`${atMs} ${text}`} class={kind}>
              <time>{time}</time>
              <span>
                <span class="sign" aria-hidden="true">
                  {signs[kind]}
                </span>{" "}
                {text}
              </span>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

const signs: Readonly<Record<Event["kind"], string>> = {
  fault: "⚠\uFE0E",
  repair: "↺",
  leader: "★",
  note: "–",
};
