// Chooses a run without a link: an example, or seed, nodes and faults.

import { useSignal } from "@preact/signals";
import { allFaults, faultKinds, type FaultChoice } from "@quorate/simulator";
import type { JSX } from "preact";
import { examples } from "../playground/examples.ts";
import type { Playground } from "../playground/playground.ts";
import type { RunOptions } from "../run/report.ts";
import { faultGroups } from "./fault-words.ts";

/** What to run next. */
export function ScenarioForm({ playground }: { readonly playground: Playground }): JSX.Element {
  const isChoosing = useSignal(false);
  return (
    <section class="choose" aria-label="Run a cluster">
      <h2>{playground.phase.value.type === "finished" ? "Run another" : "Run a cluster"}</h2>
      <p class="note">An example, or a seed of your own. A link that a failed simulation has printed opens here too.</p>
      <p class="examples">
        {examples.map(({ title, options }) => (
          <button key={title} onClick={() => playground.start(options)}>
            {title}
          </button>
        ))}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          playground.start(chosen(new FormData(event.currentTarget)));
        }}
      >
        <div class="fields">
          <NumberField name="seed" label="Seed" value={1} max={Number.MAX_SAFE_INTEGER} />
          <NumberField name="nodes" label="Nodes" value={3} max={9} />
          <NumberField name="seconds" label="Seconds with faults" value={5} max={60} />
          <span>
            <label for="faults">Faults</label>
            <select
              id="faults"
              name="faults"
              onChange={(event) => (isChoosing.value = event.currentTarget.value === "chosen")}
            >
              <option value="swarm">as the seed chooses</option>
              <option value="all">everything</option>
              <option value="none">none</option>
              <option value="chosen">chosen below</option>
            </select>
          </span>
          <button class="primary">Run</button>
        </div>
        {isChoosing.value && <FaultChoices />}
      </form>
    </section>
  );
}

function NumberField(props: {
  readonly name: string;
  readonly label: string;
  readonly value: number;
  readonly max: number;
}): JSX.Element {
  const { name, label, value, max } = props;
  return (
    <label>
      {label}
      <input type="number" name={name} defaultValue={String(value)} min={1} max={max} required />
    </label>
  );
}

function FaultChoices(): JSX.Element {
  return (
    <div class="kinds">
      {Object.entries(faultGroups).map(([group, kinds]) => (
        <fieldset key={group}>
          <legend>{group}</legend>
          {Object.entries(kinds).map(([kind, words]) => (
            <label key={kind}>
              <input type="checkbox" name="kind" value={kind} /> {words}
            </label>
          ))}
        </fieldset>
      ))}
    </div>
  );
}

function chosen(form: FormData): RunOptions {
  const number = (name: string): number => Number(form.get(name));
  const durationMs = number("seconds") * 1000;
  return { seed: number("seed"), nodes: number("nodes"), durationMs, faults: faultsOf(form) };
}

function faultsOf(form: FormData): FaultChoice {
  const preset = form.get("faults");
  if (preset === "swarm" || preset === "all" || preset === "none") return preset;
  const wanted = form.getAll("kind");
  const kinds = faultKinds.filter((kind) => wanted.includes(kind));
  return Object.fromEntries(kinds.map((kind) => [kind, allFaults[kind]]));
}
