// All logs side by side: rows are nodes, columns are indexes, a cell shows its entry's term by number and colour; it is filled
// once its node knows it to be committed, and has a dot once it is applied.

import type { NodeView } from "@quorate/simulator";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Playground } from "../playground/playground.ts";
import { roleNames } from "../run/narrate.ts";
import { termColour } from "./term-colour.ts";

/** How many indexes are shown: the latest. */
const COLUMNS = 24;

/** The logs of all nodes in the step that is shown. */
export function LogGrid({ playground }: { readonly playground: Playground }): JSX.Element {
  const nodes = playground.step.value?.nodes ?? [];
  const lastIndex = Math.max(0, ...nodes.map(({ log }) => log.lastIndex));
  const firstIndex = Math.max(1, lastIndex - COLUMNS + 1);
  const indexes = Array.from({ length: lastIndex - firstIndex + 1 }, (_, offset) => firstIndex + offset);
  const table = useRef<HTMLDivElement>(null);
  // Where not all fit, the latest are seen first.
  useEffect(() => table.current?.scrollTo({ left: table.current.scrollWidth }), [lastIndex]);
  return (
    <section class="grid" aria-label="Nodes and logs">
      <h3>Nodes and logs</h3>
      <div class="scroll" tabIndex={0} ref={table}>
        <table>
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">Role</th>
              <th scope="col">Term</th>
              <th scope="col">Voted for</th>
              <th scope="col">Committed</th>
              {indexes.map((index) => (
                <th key={index} scope="col" class="index">
                  {index}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {nodes.map((node) => (
              <Row key={node.id} node={node} indexes={indexes} />
            ))}
          </tbody>
        </table>
      </div>
      <p class="legend">
        <span class="entry committed" aria-hidden="true">
          2
        </span>{" "}
        committed entry of term 2, as this node knows{" "}
        <span class="entry" aria-hidden="true">
          2
        </span>{" "}
        not known to be committed{" "}
        <span class="entry committed applied" aria-hidden="true">
          2
        </span>{" "}
        with a dot: applied <span class="entry snapshot" aria-hidden="true" /> in a snapshot
      </p>
    </section>
  );
}

function Row({ node, indexes }: { readonly node: NodeView; readonly indexes: readonly number[] }): JSX.Element {
  const { id, condition, term, votedFor, status } = node;
  return (
    <tr class={condition}>
      <th scope="row">{id}</th>
      <td>{status === undefined || condition === "paused" ? condition : roleNames[status.role]}</td>
      <td>{term}</td>
      <td>{votedFor ?? "–"}</td>
      <td>{status?.commitIndex ?? "–"}</td>
      {indexes.map((index) => (
        <Cell key={index} node={node} index={index} />
      ))}
    </tr>
  );
}

function Cell({ node, index }: { readonly node: NodeView; readonly index: number }): JSX.Element {
  const { log, status } = node;
  if (index <= log.base.index) {
    return (
      <td>
        <span class="entry snapshot" title={`${index}: in a snapshot`}>
          <span class="unseen">in a snapshot</span>
        </span>
      </td>
    );
  }
  const term = log.termRuns.findLast(({ firstIndex }) => firstIndex <= index)?.term;
  if (index > log.lastIndex || term === undefined) return <td />;
  const isCommitted = index <= (status?.commitIndex ?? 0);
  const isApplied = index <= (status?.lastApplied ?? 0);
  const says = `${isCommitted ? "committed" : "not known to be committed"}${isApplied ? ", applied" : ""}`;
  return (
    <td>
      <span
        class={`entry${isCommitted ? " committed" : ""}${isApplied ? " applied" : ""}`}
        style={{ "--term": termColour(term) }}
        title={`entry ${index} of term ${term}: ${says}`}
      >
        {term}
        <span class="unseen">, {says}</span>
      </span>
    </td>
  );
}
