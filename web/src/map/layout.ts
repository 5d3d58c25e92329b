// Places for the nodes of a graph of calls: callers left, callees right, few crossings.
import type { MapEdge, MapNode } from "../model";

export interface Placed {
  node: MapNode;
  x: number;
  y: number;
}
export interface Layout {
  places: Map<string, Placed>;
  ways: Map<string, { x: number; y: number }[]>; // where edges over several columns pass, by keyOf
  wide: number;
  tall: number;
}

export const NODE_WIDE = 190, NODE_TALL = 52;
const GAP_X = 120, GAP_Y = 26, EDGE = 16;
const POINT = "\u0000", POINT_TALL = 18;
const ROUNDS = 6, MOST_IN_ROW = 4;

export const keyOf = (edge: MapEdge) => `${edge.from}>${edge.to}`;

// Depth first; an edge back to a node that is still open closes a circle and does not count for the ranks.
function withoutCircles(ids: string[], next: Map<string, string[]>): Map<string, string[]> {
  const state = new Map<string, "open" | "done">();
  const kept = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const start of ids) {
    if (state.has(start)) continue;
    const stack: [string, number][] = [[start, 0]];
    state.set(start, "open");
    while (stack.length) {
      const top = stack[stack.length - 1] as [string, number];
      const to = (next.get(top[0]) || [])[top[1]++];
      if (to === undefined) {
        state.set(top[0], "done");
        stack.pop();
      } else if (state.get(to) !== "open") {
        (kept.get(top[0]) as string[]).push(to);
        if (!state.has(to)) {
          state.set(to, "open");
          stack.push([to, 0]);
        }
      }
    }
  }
  return kept;
}

// The longest way from a node nobody calls.
function ranksOf(ids: string[], next: Map<string, string[]>): Map<string, number> {
  const rank = new Map<string, number>(ids.map((id) => [id, 0]));
  const incoming = new Map<string, number>(ids.map((id) => [id, 0]));
  for (const tos of next.values()) for (const to of tos) incoming.set(to, (incoming.get(to) || 0) + 1);
  const ready = ids.filter((id) => !incoming.get(id));
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    for (const to of next.get(id) || []) {
      rank.set(to, Math.max(rank.get(to) || 0, (rank.get(id) || 0) + 1));
      incoming.set(to, (incoming.get(to) || 0) - 1);
      if (!incoming.get(to)) ready.push(to);
    }
  }
  return rank;
}

// Each column in the order of the middle of its neighbours in the one before.
function order(columns: string[][], neighbours: Map<string, string[]>): void {
  for (let round = 0; round < ROUNDS; round++) {
    const forward = round % 2 === 0;
    for (let step = 1; step < columns.length; step++) {
      const index = forward ? step : columns.length - 1 - step;
      const before = columns[forward ? index - 1 : index + 1] || [];
      const place = new Map(before.map((id, at) => [id, at / Math.max(1, before.length - 1 || 1)]));
      const column = columns[index] as string[];
      const middle = new Map(column.map((id, at) => {
        const known = (neighbours.get(id) || []).map((other) => place.get(other)).filter((at): at is number => at !== undefined);
        return [id, known.length ? known.reduce((a, b) => a + b, 0) / known.length : at / Math.max(1, column.length - 1 || 1)];
      }));
      column.sort((a, b) => (middle.get(a) as number) - (middle.get(b) as number) || a.localeCompare(b));
    }
  }
}

// An edge over several columns goes through a free place in each of them: not below other nodes.
function waypoints(edges: MapEdge[], rank: Map<string, number>, columns: string[][], neighbours: Map<string, string[]>): Map<string, string[]> {
  const through = new Map<string, string[]>();
  for (const edge of edges) {
    const from = rank.get(String(edge.from)), to = rank.get(String(edge.to));
    if (from === undefined || to === undefined || Math.abs(to - from) < 2) continue;
    const key = keyOf(edge), points: string[] = [];
    const step = to > from ? 1 : -1;
    let last = String(edge.from);
    for (let at = from + step; at !== to; at += step) {
      const point = `${POINT}${key}${POINT}${at}`;
      (columns[at] as string[]).push(point);
      neighbours.set(point, [last]);
      (neighbours.get(last) as string[]).push(point);
      points.push(point);
      last = point;
    }
    (neighbours.get(last) as string[]).push(String(edge.to));
    through.set(key, points);
  }
  return through;
}

const tallOf = (id: string) => (id.startsWith(POINT) ? POINT_TALL : NODE_TALL);

function layOutConnected(nodes: MapNode[], edges: MapEdge[]): Layout {
  const ids = nodes.map((node) => String(node.id)).sort();
  const known = new Set(ids);
  const inside = edges.filter((edge) => known.has(String(edge.from)) && known.has(String(edge.to)) && edge.from !== edge.to);
  const next = new Map<string, string[]>(ids.map((id) => [id, []])), neighbours = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const edge of inside) (next.get(String(edge.from)) as string[]).push(String(edge.to));
  const rank = ranksOf(ids, withoutCircles(ids, next));
  const columns: string[][] = Array.from({ length: Math.max(0, ...rank.values()) + 1 }, () => []);
  for (const id of ids) (columns[rank.get(id) || 0] as string[]).push(id);
  const through = waypoints(inside, rank, columns, neighbours);
  for (const edge of inside) {
    if (through.has(keyOf(edge))) continue;
    (neighbours.get(String(edge.from)) as string[]).push(String(edge.to));
    (neighbours.get(String(edge.to)) as string[]).push(String(edge.from));
  }
  order(columns, neighbours);
  const heights = columns.map((column) => column.reduce((sum, id) => sum + tallOf(id) + GAP_Y, -GAP_Y));
  const tall = Math.max(NODE_TALL, ...heights) + 2 * EDGE;
  const places = new Map<string, Placed>(), points = new Map<string, { x: number; y: number }>();
  const byId = new Map(nodes.map((node) => [String(node.id), node]));
  columns.forEach((column, rankOf) => {
    let y = (tall - (heights[rankOf] as number)) / 2;
    for (const id of column) {
      const x = EDGE + rankOf * (NODE_WIDE + GAP_X), node = byId.get(id);
      if (node) places.set(id, { node, x, y });
      else points.set(id, { x: x + NODE_WIDE / 2, y: y + POINT_TALL / 2 });
      y += tallOf(id) + GAP_Y;
    }
  });
  const ways = new Map([...through].map(([key, way]) => [key, way.map((id) => points.get(id) as { x: number; y: number })]));
  return { places, ways, wide: columns.length * (NODE_WIDE + GAP_X) - GAP_X + 2 * EDGE, tall };
}

// What calls nobody and is called by nobody stands in rows below the rest.
export function layOut(nodes: MapNode[], edges: MapEdge[]): Layout {
  const connected = new Set(edges.flatMap((edge) => [String(edge.from), String(edge.to)]));
  const alone = nodes.filter((node) => !connected.has(String(node.id)));
  const layout: Layout = alone.length < nodes.length ? layOutConnected(nodes.filter((node) => connected.has(String(node.id))), edges) : { places: new Map(), ways: new Map(), wide: 0, tall: 0 };
  const perRow = Math.max(MOST_IN_ROW, Math.floor(layout.wide / (NODE_WIDE + GAP_Y)));
  const top = layout.tall;
  alone.forEach((node, index) => {
    const x = EDGE + (index % perRow) * (NODE_WIDE + GAP_Y), y = top + EDGE + Math.floor(index / perRow) * (NODE_TALL + GAP_Y);
    layout.places.set(String(node.id), { node, x, y });
    layout.wide = Math.max(layout.wide, x + NODE_WIDE + EDGE);
    layout.tall = Math.max(layout.tall, y + NODE_TALL + EDGE);
  });
  return layout;
}
