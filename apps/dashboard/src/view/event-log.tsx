// Every event as text: those around the step that is shown, and all of them as a file.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Playground } from "../playground/playground.ts";
import { isRoutine } from "../run/narrate.ts";
import type { FinishedRun, Line, ShownStep } from "../run/report.ts";
import { exactMilliseconds } from "./milliseconds.ts";

/** How many steps are listed before and after the one that is shown. */
const AROUND = 40;

type Props = { readonly playground: Playground; readonly run: FinishedRun };

/** The log. */
export function EventLog({ playground, run }: Props): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const position = playground.position.value;
  const listed = around(run.steps, { position, showsRoutine: playground.showsRoutine.value });
  useEffect(() => {
    const current = list.current?.querySelector<HTMLElement>("[aria-current]");
    if (list.current !== null && current != null) {
      list.current.scrollTop = current.offsetTop - list.current.clientHeight / 2;
    }
  }, [position, playground.showsRoutine.value]);
  return (
    <section class="log" aria-label="Log">
      <h3>Log</h3>
      {/* It scrolls, so it takes the focus. */}
      <ol ref={list} tabIndex={0} aria-label="Events around this step">
        {listed.map(({ step, place }) => (
          <li key={place} aria-current={place === position ? "step" : undefined}>
            <button onClick={() => playground.seek(place)}>
              <time>{step.atMs.toFixed(1)}</time>
              <span>
                {step.lines.map(({ kind, text }, line) => (
                  <span key={line} class={kind}>
                    <span aria-hidden="true">{signOf(kind)}</span> {text}
                  </span>
                ))}
              </span>
            </button>
          </li>
        ))}
      </ol>
      <button onClick={() => save(run)}>Save the whole log as text</button>
    </section>
  );
}

/** A sign for each kind of line. */
export function signOf(kind: Line["kind"]): string {
  return signs[kind];
}

const signs: Readonly<Record<Line["kind"], string>> = {
  message: "→",
  heartbeat: "·",
  client: "◇",
  fault: "⚠\uFE0E",
  node: "■",
  role: "★",
  log: "–",
  broken: "✗",
};

function around(
  steps: readonly ShownStep[],
  { position, showsRoutine }: { readonly position: number; readonly showsRoutine: boolean },
): readonly { readonly step: ShownStep; readonly place: number }[] {
  const take = (direction: 1 | -1) => {
    const found: { step: ShownStep; place: number }[] = [];
    for (let place = position + direction; found.length < AROUND; place += direction) {
      const step = steps[place];
      if (step === undefined) break;
      if (showsRoutine || !isRoutine(step)) found.push({ step, place });
    }
    return found;
  };
  const step = steps[position];
  const current = step === undefined ? [] : [{ step, place: position }];
  return [...take(-1).toReversed(), ...current, ...take(1)];
}

function save({ steps, settings }: FinishedRun): void {
  const lines = steps.flatMap(({ atMs, lines: each }) =>
    each.map(({ text }) => `${exactMilliseconds(atMs).padStart(14)}  ${text}`),
  );
  const url = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `quorate-seed-${settings.seed}.txt`;
  link.click();
  URL.revokeObjectURL(url);
}
