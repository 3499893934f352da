// What the reader must know before anything else: whether the picture is true, how the run ended, what was refused.

import type { PageVerdict } from "@quorate/counter/demo/page/protocol";
import type { JSX } from "preact";
import type { ConnectionState } from "./connection.ts";
import type { Live } from "./live.ts";
import { count } from "./numbers.ts";

/** Whether the picture is true. */
export function ConnectionNotice({ live }: { readonly live: Live }): JSX.Element {
  const connection = live.connection.value;
  return (
    <p class={`connection ${connection.type}`} role="status">
      <span class="sign" aria-hidden="true">
        {signs[connection.type]}
      </span>{" "}
      {wordsFor(connection, live.sections.value !== undefined)}
    </p>
  );
}

/** How the run ended, and what was refused. */
export function Notices({ live }: { readonly live: Live }): JSX.Element {
  const sections = live.sections.value;
  return (
    <>
      {sections?.run.phase === "proving" && (
        <p class="outcome" role="status">
          The load has ended. Reading every acknowledged write from each node …
        </p>
      )}
      {sections?.verdict != null && <Verdict verdict={sections.verdict} nodes={sections.nodes.length} />}
      <div role="alert">
        {live.refusal.value !== undefined && (
          <p class="outcome broken refusal">
            <span>
              <span class="sign" aria-hidden="true">
                !
              </span>{" "}
              {live.refusal.value}
            </span>
            <button onClick={() => (live.refusal.value = undefined)}>Dismiss</button>
          </p>
        )}
      </div>
    </>
  );
}

const signs: Readonly<Record<ConnectionState["type"], string>> = {
  connecting: "○",
  live: "●",
  reconnecting: "◌",
  refused: "✗",
  ended: "■",
};

function wordsFor(connection: ConnectionState, hasPicture: boolean): string {
  switch (connection.type) {
    case "connecting":
      return "Connecting to the demo …";
    case "live":
      return "Live";
    case "reconnecting":
      return hasPicture
        ? "Connection lost, trying again. The picture below is old."
        : "The demo does not answer, trying again.";
    case "refused":
      return connection.reason;
    case "ended":
      return "The run has ended. This is its last picture.";
  }
}

function Verdict({ verdict, nodes }: { readonly verdict: PageVerdict; readonly nodes: number }): JSX.Element {
  const { holds, acknowledged, lost, duplicated, problems } = verdict;
  return (
    <div class={`outcome ${holds ? "held" : "broken"}`} role="status">
      <h2>
        <span class="sign" aria-hidden="true">
          {holds ? "✓" : "✗"}
        </span>{" "}
        {holds ? "The proof held" : "The proof failed"}: {lost} lost, {duplicated} duplicated
      </h2>
      {holds ? (
        <p>
          {count(acknowledged)} acknowledged writes, each exactly once on each of {nodes} nodes.
        </p>
      ) : (
        problems.map((problem) => <p key={problem}>{problem}</p>)
      )}
    </div>
  );
}
