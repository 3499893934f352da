// The cluster in one line: who leads, how far it is, what it still bears.

import type { Sections } from "@quorate/counter/demo/page/protocol";
import type { JSX } from "preact";
import { leaderOf } from "./leader.ts";
import { count, counted } from "./numbers.ts";

/** The top bar. */
export function Summary({ sections }: { readonly sections: Sections }): JSX.Element {
  const { nodes, load, run } = sections;
  const leader = leaderOf(nodes);
  const reports = nodes.flatMap(({ status }) => (status === undefined ? [] : [status]));
  const highest = (numbers: readonly number[]) => (numbers.length === 0 ? "–" : count(Math.max(...numbers)));
  const facts: readonly (readonly [string, string])[] = [
    ["Leader", leader?.id ?? "none"],
    ["Term", highest(reports.map(({ term }) => term))],
    ["Committed", highest(reports.map(({ commitIndex }) => commitIndex))],
    ["Writes acknowledged", count(load.acknowledged)],
    ["Writes per second", count(load.perSecond.at(-1) ?? 0)],
  ];
  return (
    <section class="panel summary" aria-label="Cluster at a glance">
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div class={run.spareNodes < 0 ? "lacking" : ""}>
          <dt>Tolerates</dt>
          <dd>{tolerance(run.spareNodes)}</dd>
        </div>
      </dl>
    </section>
  );
}

function tolerance(spareNodes: number): string {
  if (spareNodes < 0) return "no majority: writes wait";
  return counted(spareNodes, "more failure").replace(/^0/, "no");
}
