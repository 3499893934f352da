// The load that the cluster bears, how long writes paused, and the end that proves.

import { useSignal } from "@preact/signals";
import type { Sections } from "@quorate/counter/demo/page/protocol";
import type { JSX } from "preact";
import { Action } from "./action.tsx";
import type { Live } from "./live.ts";
import { count } from "./numbers.ts";

type Props = { readonly live: Live; readonly sections: Sections };

/** Load and proof. */
export function LoadView({ live, sections }: Props): JSX.Element {
  const { load } = sections;
  const { count: changes, lastMs, longestMs } = load.pauses;
  const pause = (ms: number) => (changes === 0 ? "none yet" : `${count(Math.round(ms))} ms`);
  const facts: readonly (readonly [string, string])[] = [
    ["Under way", count(load.underWay)],
    ["Changes of the leader", count(changes)],
    ["Last pause of writes", pause(lastMs)],
    ["Longest pause", pause(longestMs)],
  ];
  return (
    <section class="panel load" aria-label="Load">
      <h2>Load</h2>
      <dl class="counts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Ending live={live} hasKeys={sections.run.hasKeys} />
    </section>
  );
}

/** Asks twice, because there is no way back. */
function Ending({ live, hasKeys }: { readonly live: Live; readonly hasKeys: boolean }): JSX.Element {
  const isAsking = useSignal(false);
  return (
    <div class="ending">
      <p class="note">
        The load adds to counters and sets registers. At the end every acknowledged write is read back from each node:
        none may be lost, none done twice.
      </p>
      {isAsking.value ? (
        <p class="buttons">
          <Action live={live} kind="primary" on={() => void live.send({ type: "prove" })}>
            Yes, end the run
          </Action>
          <button type="button" onClick={() => (isAsking.value = false)}>
            Go on
          </button>
        </p>
      ) : (
        <p class="buttons">
          <Action live={live} on={() => (isAsking.value = true)} {...(hasKeys ? { shortcut: "q" } : {})}>
            End the run and prove
          </Action>
        </p>
      )}
    </div>
  );
}
