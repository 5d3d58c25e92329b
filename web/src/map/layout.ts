// Places for the nodes of a graph of calls: callers left, callees right, few crossings.
import type { MapEdge, MapNode } from "../model";

export interface Placed {
  node: MapNode;
  x: number;
  y: number;
}
export interface Layout {
  places: Map<string, Placed>;
  wide: number;
  tall: number;
}

export const NODE_WIDE = 170, NODE_TALL = 52;
const GAP_X = 120, GAP_Y = 26, EDGE = 16;
const ROUNDS = 6;

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

export function layOut(nodes: MapNode[], edges: MapEdge[]): Layout {
  const ids = nodes.map((node) => String(node.id)).sort();
  const known = new Set(ids);
  const next = new Map<string, string[]>(ids.map((id) => [id, []])), neighbours = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const edge of edges) {
    const from = String(edge.from), to = String(edge.to);
    if (!known.has(from) || !known.has(to) || from === to) continue;
    (next.get(from) as string[]).push(to);
    (neighbours.get(from) as string[]).push(to);
    (neighbours.get(to) as string[]).push(from);
  }
  const rank = ranksOf(ids, withoutCircles(ids, next));
  const columns: string[][] = Array.from({ length: Math.max(0, ...rank.values()) + 1 }, () => []);
  for (const id of ids) (columns[rank.get(id) || 0] as string[]).push(id);
  order(columns, neighbours);
  const rows = Math.max(1, ...columns.map((column) => column.length));
  const tall = rows * (NODE_TALL + GAP_Y) - GAP_Y + 2 * EDGE;
  const places = new Map<string, Placed>();
  const byId = new Map(nodes.map((node) => [String(node.id), node]));
  columns.forEach((column, rankOf) => {
    const own = column.length * (NODE_TALL + GAP_Y) - GAP_Y;
    column.forEach((id, at) => places.set(id, { node: byId.get(id) as MapNode, x: EDGE + rankOf * (NODE_WIDE + GAP_X), y: (tall - own) / 2 + at * (NODE_TALL + GAP_Y) }));
  });
  return { places, wide: columns.length * (NODE_WIDE + GAP_X) - GAP_X + 2 * EDGE, tall };
}
