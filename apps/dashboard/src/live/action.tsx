// A button that does something to the cluster. Where it makes no sense it stays in place and keeps the focus, but says so.

import type { ComponentChildren, JSX } from "preact";
import type { Live } from "./live.ts";

type Props = {
  readonly live: Live;
  readonly children: ComponentChildren;
  readonly on: () => void;
  /** What it is about, for those who do not see beside what it stands. */
  readonly about?: string;
  /** Whether it makes no sense now. */
  readonly off?: boolean;
  /** The key of the demo's terminal that does the same. */
  readonly shortcut?: string;
  readonly kind?: "primary";
};

/** The button. */
export function Action({ live, children, on, about, off = false, shortcut, kind }: Props): JSX.Element {
  const isOff = off || !live.canAct.value;
  return (
    <button
      type="button"
      class={kind}
      aria-disabled={isOff}
      onClick={() => {
        if (!isOff) on();
      }}
    >
      {children}
      {about !== undefined && <span class="unseen"> {about}</span>}
      {shortcut !== undefined && (
        <>
          {" "}
          <kbd title={`the key ${shortcut} in the terminal does the same`}>{shortcut}</kbd>
        </>
      )}
    </button>
  );
}
