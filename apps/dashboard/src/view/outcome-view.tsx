// How it stands: running, refused, held or broken. In words and with a sign, never by colour alone.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Playground } from "../playground/playground.ts";
import type { FinishedRun, Outcome } from "../run/report.ts";
import { milliseconds } from "./milliseconds.ts";

/** What has become of the run. */
export function OutcomeView({ playground }: { readonly playground: Playground }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const { type } = playground.phase.value;
  // Whoever has started a run from the end of the page wants to see what becomes of it.
  useEffect(() => {
    if (type !== "idle") place.current?.scrollIntoView({ block: "nearest" });
  }, [type]);
  return (
    <div role="status" class="status" ref={place}>
      <OutcomeText playground={playground} />
    </div>
  );
}

function OutcomeText({ playground }: { readonly playground: Playground }): JSX.Element | null {
  const phase = playground.phase.value;
  switch (phase.type) {
    case "idle":
      return null;
    case "running":
      return (
        <div class="outcome">
          <h2>Running</h2>
          <p>
            {milliseconds(phase.atMs)} of virtual time so far. <button onClick={() => playground.stop()}>Stop</button>
          </p>
        </div>
      );
    case "refused":
      return (
        <div class="outcome broken">
          <h2>
            <Sign>!</Sign> This cannot be run
          </h2>
          <p>{phase.message}</p>
        </div>
      );
    case "finished":
      return <Finished playground={playground} run={phase.run} />;
  }
}

function Finished({ playground, run }: { readonly playground: Playground; readonly run: FinishedRun }): JSX.Element {
  const { outcome, settings } = run;
  return (
    <div class={`outcome ${outcome.type}`}>
      <Verdict outcome={outcome} />
      <p class="note">
        Seed {settings.seed}, with the state machine of this page, which is <code>registers()</code>. A failure that
        comes from another state machine needs that one: run the test that printed the link.
      </p>
      <CopyLink playground={playground} />
    </div>
  );
}

function Verdict({ outcome }: { readonly outcome: Outcome }): JSX.Element {
  if (outcome.type === "broken") {
    return (
      <>
        <h2>
          <Sign>✗</Sign> {outcome.property} does not hold
        </h2>
        <p>
          After {milliseconds(outcome.atMs)}: {outcome.finding}
        </p>
      </>
    );
  }
  const { operations } = outcome;
  return (
    <>
      <h2>
        <Sign>✓</Sign> Every property held
      </h2>
      <p>
        {outcome.committed} entries committed in {milliseconds(outcome.simulatedMs)}; {operations.ok} of{" "}
        {operations.invoked} operations answered, {operations.unknown} with unknown outcome; served again{" "}
        {milliseconds(outcome.recoveryMs)} after the last fault. Trace <code>{outcome.traceHash}</code>
      </p>
    </>
  );
}

function CopyLink({ playground }: { readonly playground: Playground }): JSX.Element {
  const link = useSignal<{ readonly text: string; readonly isCopied: boolean } | undefined>(undefined);
  const copy = async (): Promise<void> => {
    const text = await playground.link();
    if (text === undefined) return;
    // A page without a secure origin has no clipboard: the link is shown to be copied by hand.
    const isCopied = await copied(text);
    link.value = { text, isCopied };
  };
  return (
    <p class="copy">
      <button onClick={() => void copy()}>Copy link</button>
      {link.value !== undefined && (
        <>
          <span>{link.value.isCopied ? "Copied." : "Copy it from here:"}</span>
          <input
            readOnly
            aria-label="Link to this run"
            value={link.value.text}
            onFocus={(event) => event.currentTarget.select()}
          />
        </>
      )}
    </p>
  );
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A sign that says the same as the words beside it. */
function Sign({ children }: { readonly children: string }): JSX.Element {
  return (
    <span class="sign" aria-hidden="true">
      {children}
    </span>
  );
}
