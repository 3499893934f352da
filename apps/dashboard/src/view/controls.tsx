// Forward and back: by event, by what matters, by time, and by itself. Above the slider, what each node was when.

import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Playground } from "../playground/playground.ts";
import type { FinishedRun } from "../run/report.ts";
import { exactMilliseconds } from "./milliseconds.ts";
import { RunLanes } from "./run-lanes.tsx";

type Props = { readonly playground: Playground; readonly run: FinishedRun };

/** The controls of a run. */
export function Controls({ playground, run }: Props): JSX.Element {
  return (
    <div class="controls">
      <div class="buttons">
        <Step label="First event" icon="first" onClick={() => playground.seek(0)} />
        <Step label="Previous fault or change of role" icon="leapBack" onClick={() => playground.leap(-1)} />
        <Step label="Previous event" icon="back" onClick={() => playground.walk(-1)} />
        <Play playground={playground} />
        <Step label="Next event" icon="forward" onClick={() => playground.walk(1)} />
        <Step label="Next fault or change of role" icon="leapForward" onClick={() => playground.leap(1)} />
        <Step label="Last event" icon="last" onClick={() => playground.seek(Infinity)} />
        <Routine playground={playground} />
      </div>
      <RunLanes playground={playground} run={run} />
      <Slider playground={playground} run={run} />
      <p class="keys">
        Keys: <kbd>←</kbd> <kbd>→</kbd> event, <kbd>Shift</kbd> with them fault or change of role, <kbd>Home</kbd>{" "}
        <kbd>End</kbd>, <kbd>Space</kbd> play
      </p>
    </div>
  );
}

const icons = {
  first: "M3 3h2v10H3z M13 3v10L6 8z",
  leapBack: "M8 3v10L2 8z M14 3v10L8 8z",
  back: "M11 3v10L4 8z",
  forward: "M5 3v10l7-5z",
  leapForward: "M2 3v10l6-5z M8 3v10l6-5z",
  last: "M11 3h2v10h-2z M3 3v10l7-5z",
} as const;

type StepProps = { readonly label: string; readonly icon: keyof typeof icons; readonly onClick: () => void };

function Step({ label, icon, onClick }: StepProps): JSX.Element {
  return (
    <button class="step" aria-label={label} title={label} onClick={onClick}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={icons[icon]} />
      </svg>
    </button>
  );
}

/** Nothing moves by itself where the reader has asked for less motion. */
function Play({ playground }: { readonly playground: Playground }): JSX.Element | null {
  const isCalm = useSignal(false);
  useEffect(() => {
    isCalm.value = matchMedia("(prefers-reduced-motion: reduce)").matches;
  }, [isCalm]);
  if (isCalm.value) return null;
  return (
    <button class="play" onClick={() => playground.togglePlay()}>
      {playground.isPlaying.value ? "Pause" : "Play"}
    </button>
  );
}

function Routine({ playground }: { readonly playground: Playground }): JSX.Element {
  const { showsRoutine } = playground;
  return (
    <label class="routine">
      <input
        type="checkbox"
        checked={showsRoutine.value}
        onChange={(event) => (showsRoutine.value = event.currentTarget.checked)}
      />{" "}
      stop at heartbeats too
    </label>
  );
}

function Slider({ playground, run }: Props): JSX.Element {
  const atMs = useComputed(() => playground.step.value?.atMs ?? 0);
  const first = run.steps[0]?.atMs ?? 0;
  const last = run.steps.at(-1)?.atMs ?? 0;
  const place = `event ${playground.position.value + 1} of ${run.steps.length}`;
  return (
    <div class="slider">
      <input
        type="range"
        aria-label="Virtual time"
        aria-valuetext={`${exactMilliseconds(atMs.value)}, ${place}`}
        min={first}
        max={last}
        step="any"
        value={atMs.value}
        onInput={(event) => playground.seekTime(event.currentTarget.valueAsNumber)}
      />
      {/* The slider has said it. */}
      <p aria-hidden="true">
        <b>{exactMilliseconds(atMs.value)}</b> <span>{place}</span>
      </p>
    </div>
  );
}
