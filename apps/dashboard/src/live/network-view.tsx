// The network, node by node: what happens to messages from each to each, and ways to change it.

import { useSignal } from "@preact/signals";
import type { NetworkPreset, Sections } from "@quorate/counter/demo/page/protocol";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Action } from "./action.tsx";
import { LinkForm } from "./link-form.tsx";
import { type Link, wordsFor } from "./link-words.ts";
import type { Live } from "./live.ts";
import { count } from "./numbers.ts";

type Props = { readonly live: Live; readonly sections: Sections };

/** The network with its switches. */
export function NetworkView({ live, sections }: Props): JSX.Element {
  const { links, nodes, faults, run } = sections;
  const chosen = useSignal<string | undefined>(undefined);
  const table = useRef<HTMLTableElement>(null);
  const link = links.find((each) => keyOf(each) === chosen.value);
  const close = (): void => {
    table.current?.querySelector<HTMLElement>(`[data-link="${chosen.value}"]`)?.focus();
    chosen.value = undefined;
  };
  return (
    <section class="panel" aria-label="Network">
      <h2>Network</h2>
      <Presets live={live} hasKeys={run.hasKeys} />
      {links.length === 0 ? (
        <p class="note">One node has no network.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label="Links">
          <table class={nodes.length > 5 ? "matrix dense" : "matrix"} ref={table}>
            <thead>
              <tr>
                <th scope="col" class="corner">
                  from ↓ to →
                </th>
                {nodes.map(({ id }) => (
                  <th key={id} scope="col">
                    {id}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {nodes.map(({ id: from }) => (
                <tr key={from}>
                  <th scope="row">{from}</th>
                  {nodes.map(({ id: to }) => (
                    <Cell
                      key={to}
                      link={links.find((each) => each.from === from && each.to === to)}
                      chosen={chosen.value}
                      choose={(key) => (chosen.value = key)}
                    />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {link === undefined ? (
        <p class="note">Choose a link to cut one direction, or to spoil it.</p>
      ) : (
        <LinkForm key={keyOf(link)} live={live} link={link} close={close} />
      )}
      <dl class="counts" aria-label="Messages that met a fault so far">
        {[
          ["lost", faults.lost],
          ["doubled", faults.doubled],
          ["delayed", faults.delayed],
          ["overtaken", faults.overtaken],
          ["kept away by cuts", faults.keptAway],
        ].map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{count(Number(value))}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function keyOf({ from, to }: Link): string {
  return `${from}>${to}`;
}

function Presets({ live, hasKeys }: { readonly live: Live; readonly hasKeys: boolean }): JSX.Element {
  const preset = (name: NetworkPreset) => () => void live.send({ type: "preset", preset: name });
  const keyIs = (key: string) => (hasKeys ? { shortcut: key } : {});
  return (
    <>
      <p class="buttons">
        <Action live={live} on={preset("cutOffLeader")} {...keyIs("p")}>
          Cut the leader off
        </Action>
        <Action live={live} on={preset("splitMinority")}>
          Split off a minority
        </Action>
        <Action live={live} on={preset("heal")} {...keyIs("h")}>
          Heal all cuts
        </Action>
      </p>
      <p class="buttons">
        <Action live={live} on={preset("bad")}>
          Bad network
        </Action>
        <Action live={live} on={preset("good")}>
          Good network
        </Action>
      </p>
      <p class="note">
        The minority takes the leader with it. Bad: of ten messages one is lost, one doubled and one overtaken, and all
        are up to 10 ms late; <code>demo --network bad</code> begins like that. Good ends the faults of every link, not
        the cuts. Clients reach every node all the time.
      </p>
    </>
  );
}

type CellProps = {
  readonly link: Link | undefined;
  readonly chosen: string | undefined;
  readonly choose: (key: string) => void;
};

function Cell({ link, chosen, choose }: CellProps): JSX.Element {
  if (link === undefined) return <td class="self" />;
  const key = keyOf(link);
  const { state, sign, lines } = wordsFor(link);
  return (
    <td>
      <button
        type="button"
        class={`cell ${state}`}
        data-link={key}
        aria-expanded={chosen === key}
        title={`${link.from} to ${link.to}: ${lines.join(", ")}`}
        onClick={() => choose(key)}
      >
        <span class="unseen">
          {link.from} to {link.to}:{" "}
        </span>
        <b aria-hidden="true">{sign}</b>
        {lines.map((line) => (
          <span key={line} class="line">
            {line}
          </span>
        ))}
      </button>
    </td>
  );
}
