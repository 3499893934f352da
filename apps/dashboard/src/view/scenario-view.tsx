// What decided the run: the seed, the cluster, and the faults as a list in the order of time.

import type { Settings, TimedAction } from "@quorate/simulator";
import type { JSX } from "preact";
import { describeAction } from "../run/describe-action.ts";
import type { FinishedRun } from "../run/report.ts";
import { ambientFaults } from "./fault-words.ts";
import { milliseconds } from "./milliseconds.ts";

/** The scenario of a run. */
export function ScenarioView({ run }: { readonly run: FinishedRun }): JSX.Element {
  return (
    <section class="scenario" aria-label="Scenario">
      <h2>Scenario</h2>
      <dl>
        {factsOf(run.settings).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Script script={run.script} />
    </section>
  );
}

function Script({ script }: { readonly script: readonly TimedAction[] }): JSX.Element {
  if (script.length === 0) return <p>Nothing goes wrong at a certain time.</p>;
  return (
    <details open={script.length <= 12}>
      <summary>What goes wrong, and when ({script.length})</summary>
      <ol class="script">
        {script.map((action, position) => (
          <li key={position}>
            <time>{milliseconds(action.atMs)}</time> <span>{describeAction(action)}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}

function factsOf(settings: Settings): readonly (readonly [string, string])[] {
  const { seed, nodes, spares, clients, thinkMs, durationMs, recoveryMs, faults, snapshots } = settings;
  const ambient = ambientFaults(faults);
  return [
    ["Seed", String(seed)],
    ["Nodes", `${nodes}${spares > 0 ? ` and ${spares} spare` : ""}`],
    ["Clients", `${clients}, each pausing up to ${milliseconds(thinkMs)}`],
    ["Time", `${milliseconds(durationMs)} with faults, then ${milliseconds(recoveryMs)} to recover`],
    ["All along", ambient.length === 0 ? "nothing else goes wrong" : ambient.join("; ")],
    ["Protocol", protocol(settings)],
    [
      "Snapshots",
      snapshots === false ? "never" : `every ${snapshots.everyEntries} entries, ${snapshots.retainEntries} kept`,
    ],
  ];
}

function protocol({ raft }: Settings): string {
  const { preVote = true, leaderLease = true, checkQuorum = true, leaseReads = false } = raft;
  const switches = Object.entries({
    PreVote: preVote,
    "leader lease": leaderLease,
    CheckQuorum: checkQuorum,
    "lease reads": leaseReads,
  });
  return switches.map(([name, isOn]) => `${name} ${isOn ? "on" : "off"}`).join(", ");
}
