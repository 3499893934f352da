// Nodes on a ring: role by shape and word, term by number and colour, whom each follows, which links are cut, and messages
// that arrive. Both pages draw their clusters with it.

import type { JSX } from "preact";
import type { Arrow } from "../run/report.ts";
import { termColour } from "./term-colour.ts";

const RADIUS = 25;
/** From the ring to the edge of the drawing: half a node, and words that are wider. */
const MARGIN = 58;
const ASIDE = 4;

/** A node as the ring shows it. */
export type RingNode = {
  readonly id: string;
  readonly shape: "leader" | "candidate" | "follower" | "away";
  /** Its role, or why it has none. */
  readonly word: string;
  /** Undefined if nobody knows. */
  readonly term: number | undefined;
  /** What else is to be said of it. */
  readonly note?: string;
  /** The leader that it follows, if it follows one. */
  readonly follows: string | undefined;
};

type Props = {
  readonly nodes: readonly RingNode[];
  readonly cuts: readonly Arrow[];
  /** Messages that arrive. */
  readonly arrows?: readonly Arrow[];
};

type Point = { readonly x: number; readonly y: number };

/** Radius of the ring: more nodes need more room for their words. */
function ringOf(count: number): number {
  return count <= 6 ? 112 : 152;
}

/** The ring with its legend. A text for those who do not see it is its label. */
export function ClusterRing({ nodes, cuts, arrows = [] }: Props): JSX.Element {
  const places = new Map(nodes.map(({ id }, position) => [id, placeOf(position, nodes.length)]));
  const width = 2 * (ringOf(nodes.length) + MARGIN);
  const height = Math.max(...[...places.values()].map(({ y }) => y)) + RADIUS + 40;
  const lines = (links: readonly Arrow[], kind: string) =>
    links.map(({ from, to }) => (
      <Link key={`${kind} ${from} ${to}`} kind={kind} from={places.get(from)} to={places.get(to)} />
    ));
  return (
    <figure class={nodes.length <= 6 ? "cluster" : "cluster large"}>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={nodes.map(inWords).join("; ")}>
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 L8 4 L0 8 z" />
          </marker>
        </defs>
        {lines(nodes.flatMap(followed), "follows")}
        {lines(cuts, "cut")}
        {lines(arrows, "arrives")}
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
  const ring = ringOf(count);
  return { x: ring + MARGIN + ring * Math.cos(angle), y: ring + RADIUS + 8 + ring * Math.sin(angle) };
}

function NodeMark({ node, place }: { readonly node: RingNode; readonly place: Point }): JSX.Element {
  const { id, shape, word, term, note } = node;
  return (
    <g
      transform={`translate(${place.x} ${place.y})`}
      class={`node ${shape}`}
      style={term === undefined ? undefined : { "--term": termColour(term) }}
    >
      <Shape shape={shape} />
      <text y="5" class="id">
        {id}
      </text>
      <text y={RADIUS + 17} class="role">
        {word}
      </text>
      <text y={RADIUS + 31} class="term">
        {[...(term === undefined ? [] : [`term ${term}`]), ...(note === undefined ? [] : [note])].join(", ")}
      </text>
    </g>
  );
}

function Shape({ shape }: { readonly shape: RingNode["shape"] }): JSX.Element {
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

function inWords({ id, word, term, note }: RingNode): string {
  const said = term === undefined ? `${id} ${word}` : `${id} ${word} in term ${term}`;
  return note === undefined ? said : `${said}, ${note}`;
}

function followed({ id, follows }: RingNode): readonly Arrow[] {
  return follows === undefined || follows === id ? [] : [{ from: id, to: follows }];
}

function Link(props: { readonly kind: string; readonly from: Point | undefined; readonly to: Point | undefined }) {
  const { kind, from, to } = props;
  if (from === undefined || to === undefined) return null;
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [across, along] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const margin = RADIUS + 6;
  // Cuts keep to one side and have their sign nearer to the receiver: the two directions of a link are told apart.
  const aside = kind === "cut" ? ASIDE : 0;
  const at = (distance: number): Point => ({
    x: from.x + across * distance - along * aside,
    y: from.y + along * distance + across * aside,
  });
  const [start, end, sign] = [at(margin), at(length - margin), at(length * 0.6)];
  return (
    <g class={`link ${kind}`}>
      <line
        x1={start.x}
        y1={start.y}
        x2={end.x}
        y2={end.y}
        markerEnd={kind === "arrives" ? "url(#arrow)" : undefined}
      />
      {kind === "cut" && (
        <text x={sign.x} y={sign.y + 5}>
          ✕
        </text>
      )}
    </g>
  );
}
