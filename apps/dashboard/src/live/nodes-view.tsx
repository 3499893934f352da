// The nodes: on the ring, and as a list with what each has and what can be done to it.

import type { NodeState, Sections } from "@quorate/counter/demo/page/protocol";
import type { JSX } from "preact";
import { ClusterRing, type RingNode } from "../view/cluster-ring.tsx";
import { termColour } from "../view/term-colour.ts";
import { Action } from "./action.tsx";
import { leaderOf } from "./leader.ts";
import type { Live } from "./live.ts";
import { count } from "./numbers.ts";

type Props = { readonly live: Live; readonly sections: Sections };

/** The cluster. */
export function NodesView({ live, sections }: Props): JSX.Element {
  const { nodes, links } = sections;
  return (
    <section class="panel" aria-label="Nodes">
      <h2>Nodes</h2>
      <div class="pair">
        <ClusterRing nodes={nodes.map(ringNodeOf)} cuts={links.filter(({ cut }) => cut)} />
        <ul class="nodes">
          {nodes.map((node) => (
            <NodeCard key={node.id} live={live} node={node} sections={sections} />
          ))}
        </ul>
      </div>
    </section>
  );
}

function ringNodeOf(node: NodeState): RingNode {
  const { id, condition, status } = node;
  const takesPart = condition === "running" || condition === "cut off";
  const role = status === undefined || !takesPart ? undefined : roleOf(status.role);
  return {
    id,
    shape: role?.shape ?? "away",
    word: role?.word ?? condition,
    term: status?.term,
    ...(role !== undefined && condition === "cut off" ? { note: condition } : {}),
    follows: condition === "running" ? status?.leaderId : undefined,
  };
}

/** Role and condition in words. */
function wordsFor({ condition, status }: NodeState): string {
  if (status === undefined) return condition;
  const { word } = roleOf(status.role);
  return condition === "running" ? word : `${word}, ${condition}`;
}

function roleOf(role: string): { readonly shape: RingNode["shape"]; readonly word: string } {
  switch (role) {
    case "leader":
      return { shape: "leader", word: "leader" };
    case "follower":
      return { shape: "follower", word: "follower" };
    case "preCandidate":
      return { shape: "candidate", word: "pre-candidate" };
    default:
      return { shape: "candidate", word: role };
  }
}

function NodeCard({ live, node, sections }: Props & { readonly node: NodeState }): JSX.Element {
  const { id, condition, status } = node;
  const { hasKeys } = sections.run;
  const leader = leaderOf(sections.nodes);
  const leads = leader?.id === id;
  const isDown = condition === "down";
  const isPaused = condition === "paused";
  const act = (type: "kill" | "pause" | "resume" | "restart") => () => void live.send({ type, node: id });
  const keyOf = (key: string, applies: boolean) => (hasKeys && applies ? { shortcut: key } : {});
  return (
    <li class={`card ${leads ? "leads" : ""}`} aria-label={`Node ${id}`}>
      <h3>
        <span class="name">{id}</span> <span class="words">{wordsFor(node)}</span>{" "}
        {status !== undefined && (
          <span class="badge" style={{ "--term": termColour(status.term) }}>
            term {status.term}
          </span>
        )}
      </h3>
      <dl>
        <Fact name="Committed" value={status?.commitIndex} />
        <Fact name="Applied" value={status?.lastApplied} />
        <div>
          <dt title="entries that the leader has committed and this node has not applied">Behind</dt>
          <dd>{lagOf(node, leader)}</dd>
        </div>
      </dl>
      <p class="buttons">
        <Action live={live} about={id} on={act("kill")} off={isDown} {...keyOf("k", leads)}>
          Kill
        </Action>
        {isPaused ? (
          <Action live={live} about={id} on={act("resume")} {...keyOf("s", true)}>
            Resume
          </Action>
        ) : (
          <Action live={live} about={id} on={act("pause")} off={isDown} {...keyOf("s", leads)}>
            Pause
          </Action>
        )}
        <Action live={live} about={id} on={act("restart")} off={!isDown} {...keyOf("r", isDown)}>
          Restart
        </Action>
      </p>
    </li>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: number | undefined }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value === undefined ? "–" : count(value)}</dd>
    </div>
  );
}

/** How many entries that the leader has committed are not applied here. */
function lagOf({ id, status }: NodeState, leader: ReturnType<typeof leaderOf>): string {
  if (status === undefined || leader === undefined) return "–";
  if (leader.id === id) return "leads";
  return count(Math.max(0, leader.status.commitIndex - status.lastApplied));
}
