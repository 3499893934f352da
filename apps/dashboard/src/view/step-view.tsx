// The step that is shown, in words: the same for the eye and for a screen reader.

import type { JSX } from "preact";
import type { Playground } from "../playground/playground.ts";
import type { FinishedRun } from "../run/report.ts";
import { signOf } from "./event-log.tsx";

/** What happens in this step. */
export function StepView({
  playground,
  run,
}: {
  readonly playground: Playground;
  readonly run: FinishedRun;
}): JSX.Element {
  const isFirst = playground.position.value === 0;
  return (
    <div class="now" role="group" aria-live={playground.isPlaying.value ? "off" : "polite"} aria-label="This step">
      {isFirst && run.forgotten > 0 && <p>{run.forgotten} earlier steps were too many to keep.</p>}
      <ul>
        {playground.step.value?.lines.map(({ kind, text }, position) => (
          <li key={position} class={kind}>
            <span class="sign" aria-hidden="true">
              {signOf(kind)}
            </span>{" "}
            {text}
          </li>
        ))}
      </ul>
    </div>
  );
}
