// The cluster page from top to bottom: how it stands, the nodes, the network, time and load, the story.

import type { JSX } from "preact";
import type { Live } from "./live.ts";
import { LoadView } from "./load-view.tsx";
import { NetworkView } from "./network-view.tsx";
import { NodesView } from "./nodes-view.tsx";
import { ConnectionNotice, Notices } from "./notices.tsx";
import { StoryView } from "./story-view.tsx";
import { Summary } from "./summary.tsx";
import { TimelineView } from "./timeline-view.tsx";

/** The whole page. */
export function LiveView({ live }: { readonly live: Live }): JSX.Element {
  const isStale = live.connection.value.type !== "live" && live.connection.value.type !== "ended";
  const sections = live.sections.value;
  return (
    <>
      <header class="masthead">
        <div>
          <h1>Quorate cluster</h1>
          <p>{sections === undefined ? "Real processes on this machine." : `${sections.run.title}, real processes.`}</p>
        </div>
        <ConnectionNotice live={live} />
      </header>
      <Notices live={live} />
      {sections !== undefined && (
        <main class={isStale ? "stale" : ""}>
          <Summary sections={sections} />
          <NodesView live={live} sections={sections} />
          <TimelineView live={live} sections={sections} />
          <div class="columns">
            <NetworkView live={live} sections={sections} />
            <div class="column">
              <LoadView live={live} sections={sections} />
              <StoryView events={sections.story} />
            </div>
          </div>
        </main>
      )}
    </>
  );
}
