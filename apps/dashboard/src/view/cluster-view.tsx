// The nodes on a ring: role by shape and word, term by number and colour, whom each follows, which links are cut, and the
// message that arrives in this step.

import type { NodeView } from "@quorate/simulator";
import type { JSX } from "preact";
import type { Playground } from "../playground/playground.ts";
import { cutsOf } from "../run/describe-action.ts";
import { roleNames } from "../run/narrate.ts";
import type { Arrow, FinishedRun } from "../run/report.ts";
import { termColour } from "./term-colour.ts";

const SIZE = 340;
const RING = 112;
const RADIUS = 25;

type Point = { readonly x: number; readonly y: number };

/** The cluster in the step that is shown. The table of nodes says the same in words. */
export function ClusterView({
  playground,
  run,
}: {
  readonly playground: Playground;
  readonly run: FinishedRun;
}): JSX.Element {
  const step = playground.step.value;
  const nodes = step?.nodes ?? [];
  const places = new Map(nodes.map(({ id }, position) => [id, placeOf(position, nodes.length)]));
  const height = Math.max(...[...places.values()].map(({ y }) => y)) + RADIUS + 40;
  const lines = (arrows: readonly Arrow[], kind: string) =>
    arrows.map(({ from, to }) => (
      <Link key={`${kind} ${from} ${to}`} kind={kind} from={places.get(from)} to={places.get(to)} />
    ));
  return (
    <figure class="cluster">
      <svg viewBox={`0 0 ${SIZE} ${height}`} role="img" aria-label={nodes.map(inWords).join("; ")}>
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 L8 4 L0 8 z" />
          </marker>
        </defs>
        {lines(nodes.flatMap(followed), "follows")}
        {lines(cutAt(run, step?.atMs ?? 0), "cut")}
        {lines(step?.arrows ?? [], "arrives")}
        {nodes.map((node) => (
          <NodeMark key={node.id} node={node} place={places.get(node.id) ?? { x: 0, y: 0 }} />
        ))}
      </svg>
      <figcaption>
        Hexagon: leader, diamond: candidate, circle: follower, dashed: away. Dotted line: follows. Dashed line with ✕:
        cut.
      </figcaption>
    </figure>
  );
}

/** The first at the top, then clockwise. */
function placeOf(position: number, count: number): Point {
  const angle = (position / count) * 2 * Math.PI - Math.PI / 2;
  return { x: SIZE / 2 + RING * Math.cos(angle), y: RING + RADIUS + 8 + RING * Math.sin(angle) };
}

function NodeMark({ node, place }: { readonly node: NodeView; readonly place: Point }): JSX.Element {
  const { id, term, condition } = node;
  const shape = shapeOf(node);
  return (
    <g
      transform={`translate(${place.x} ${place.y})`}
      class={`node ${shape} ${condition}`}
      style={{ "--term": termColour(term) }}
    >
      <Shape shape={shape} />
      <text y="5" class="id">
        {id}
      </text>
      <text y={RADIUS + 17} class="role">
        {roleOf(node)}
      </text>
      <text y={RADIUS + 31} class="term">
        term {term}
      </text>
    </g>
  );
}

type ShapeName = "leader" | "candidate" | "follower" | "away";

function Shape({ shape }: { readonly shape: ShapeName }): JSX.Element {
  switch (shape) {
    case "leader":
      return <polygon points={corners(6, RADIUS + 3)} />;
    case "candidate":
      return <polygon points={corners(4, RADIUS + 4)} />;
    case "follower":
    case "away":
      return <circle r={RADIUS} />;
  }
}

function corners(count: number, radius: number): string {
  return Array.from({ length: count }, (_, corner) => {
    const angle = (corner / count) * 2 * Math.PI - Math.PI / 2;
    return `${radius * Math.cos(angle)},${radius * Math.sin(angle)}`;
  }).join(" ");
}

function shapeOf({ condition, status }: NodeView): ShapeName {
  if (status === undefined || condition !== "running") return "away";
  if (status.role === "leader" || status.role === "follower") return status.role;
  return "candidate";
}

function roleOf({ condition, status }: NodeView): string {
  return status === undefined || condition === "paused" ? condition : roleNames[status.role];
}

function inWords(node: NodeView): string {
  return `${node.id} ${roleOf(node)} in term ${node.term}`;
}

function followed({ id, status, condition }: NodeView): readonly Arrow[] {
  const leaderId = status?.leaderId;
  return leaderId === undefined || leaderId === id || condition !== "running" ? [] : [{ from: id, to: leaderId }];
}

/** The links that an action of the script has cut; all are whole again when the faults end. */
function cutAt({ script, settings }: FinishedRun, atMs: number): readonly Arrow[] {
  if (atMs >= settings.durationMs) return [];
  const names = script.flatMap((action) => {
    const cut = cutsOf(action);
    return cut !== undefined && action.atMs <= atMs && atMs < action.atMs + cut.forMs ? cut.links : [];
  });
  return [...new Set(names)].map((name) => {
    const [from = "", to = ""] = name.split(">");
    return { from, to };
  });
}

function Link(props: { readonly kind: string; readonly from: Point | undefined; readonly to: Point | undefined }) {
  const { kind, from, to } = props;
  if (from === undefined || to === undefined) return null;
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [across, along] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const margin = RADIUS + 6;
  const ends = {
    x1: from.x + across * margin,
    y1: from.y + along * margin,
    x2: to.x - across * margin,
    y2: to.y - along * margin,
  };
  // Nearer to the receiver, so that the two directions of a link have each a sign of their own.
  const sign = { x: from.x + across * length * 0.6, y: from.y + along * length * 0.6 + 5 };
  return (
    <g class={`link ${kind}`}>
      <line {...ends} markerEnd={kind === "arrives" ? "url(#arrow)" : undefined} />
      {kind === "cut" && <text {...sign}>✕</text>}
    </g>
  );
}
