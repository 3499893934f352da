// The page from top to bottom: what it is, what to run, how it ended, and the run step by step.

import type { JSX } from "preact";
import type { Playground } from "../playground/playground.ts";
import { ClusterView } from "./cluster-view.tsx";
import { Controls } from "./controls.tsx";
import { EventLog } from "./event-log.tsx";
import { LogGrid } from "./log-grid.tsx";
import { OutcomeView } from "./outcome-view.tsx";
import { ScenarioForm } from "./scenario-form.tsx";
import { ScenarioView } from "./scenario-view.tsx";
import { StepView } from "./step-view.tsx";

/** The whole page. */
export function PlaygroundView({ playground }: { readonly playground: Playground }): JSX.Element {
  const run = playground.run.value;
  return (
    <>
      <header class="masthead">
        <h1>Quorate playground</h1>
        <p>
          A whole Raft cluster in this page, in virtual time: the real core and node, and a seed that decides every
          fault.
        </p>
      </header>
      <main>
        <OutcomeView playground={playground} />
        {run !== undefined && (
          <>
            <section class="stage" aria-label="The run, step by step">
              <Controls playground={playground} run={run} />
              <StepView playground={playground} run={run} />
              <div class="pair">
                <ClusterView playground={playground} run={run} />
                <EventLog playground={playground} run={run} />
              </div>
              <LogGrid playground={playground} />
            </section>
            <ScenarioView run={run} />
          </>
        )}
        <ScenarioForm playground={playground} />
      </main>
    </>
  );
}
