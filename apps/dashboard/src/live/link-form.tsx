// Changes one link: cut it, or lose, double, delay and reorder its messages.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Link } from "./link-words.ts";
import type { Live } from "./live.ts";

type Props = { readonly live: Live; readonly link: Link; readonly close: () => void };

/** The form for one direction; it can be told to change the other one as well. */
export function LinkForm({ live, link, close }: Props): JSX.Element {
  const { from, to } = link;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("input")?.focus(), []);
  const directions = (values: FormData) => [
    { from, to },
    ...(values.get("both") === null ? [] : [{ from: to, to: from }]),
  ];
  const apply = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (form.current === null || !live.canAct.value) return;
    const values = new FormData(form.current);
    const number = (name: string): number => Number(values.get(name));
    const isDone = await live.send({
      type: "setLinks",
      links: directions(values),
      settings: {
        cut: values.get("cut") !== null,
        lossPercent: number("loss"),
        duplicatePercent: number("duplicate"),
        reorderPercent: number("reorder"),
        delayMs: [number("least"), number("most")],
      },
    });
    if (isDone) close();
  };
  return (
    <form
      class="link"
      ref={form}
      aria-label={`Link from ${from} to ${to}`}
      onSubmit={(event) => void apply(event)}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <h3>
        From {from} to {to}
      </h3>
      <label>
        <input type="checkbox" name="cut" defaultChecked={link.cut} /> cut: nothing gets through
      </label>
      <div class="fields">
        <NumberField name="loss" label="Lost, %" value={link.lossPercent} max={100} />
        <NumberField name="duplicate" label="Doubled, %" value={link.duplicatePercent} max={100} />
        <NumberField name="reorder" label="Overtaken, %" value={link.reorderPercent} max={100} />
        <NumberField name="least" label="Delay from, ms" value={link.delayMs[0]} max={10_000} />
        <NumberField name="most" label="to, ms" value={link.delayMs[1]} max={10_000} />
      </div>
      <label>
        <input type="checkbox" name="both" /> also from {to} to {from}
      </label>
      <p class="buttons">
        <button class="primary" aria-disabled={!live.canAct.value}>
          Apply
        </button>
        <button type="button" onClick={close}>
          Close <kbd>Esc</kbd>
        </button>
      </p>
    </form>
  );
}

type NumberFieldProps = {
  readonly name: string;
  readonly label: string;
  readonly value: number;
  readonly max: number;
};

function NumberField({ name, label, value, max }: NumberFieldProps): JSX.Element {
  return (
    <label>
      {label}
      <input type="number" name={name} defaultValue={String(value)} min={0} max={max} step="any" required />
    </label>
  );
}
