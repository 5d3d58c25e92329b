import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut, NODE_TALL } from "../src/map/layout";
import { barsOf } from "../src/parts/spark";

const node = (id: string) => ({ id, kind: "service" as const, name: id });
const edge = (from: string, to: string) => ({ from, to });

test("callers stand left of what they call, circles or not", () => {
  const { places } = layOut(["a", "b", "c"].map(node), [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("b", "b")]);
  const x = (id: string) => places.get(id)?.x ?? NaN;
  assert.ok(x("a") < x("b") && x("b") < x("c"));
});

test("no two nodes lie on each other, and a long edge passes beside the nodes between", () => {
  const ids = Array.from({ length: 30 }, (_, i) => `n${i}`);
  const edges = ids.flatMap((id, i) => [edge(id, `n${(i * 7 + 3) % 30}`), edge(id, `n${(i * 11 + 5) % 30}`)]);
  const { places, ways } = layOut(ids.map(node), edges);
  assert.equal(places.size, 30);
  const all = [...places.values()];
  for (const a of all) for (const b of all) assert.ok(a === b || a.x !== b.x || Math.abs(a.y - b.y) >= NODE_TALL);
  for (const way of ways.values()) for (const spot of way) assert.ok(!all.some((each) => spot.x > each.x && spot.x < each.x + 190 && spot.y > each.y && spot.y < each.y + NODE_TALL));
  assert.ok(ways.size > 0);
});

test("those without calls stand in rows below", () => {
  const { places, tall, wide } = layOut(["a", "b", "x1", "x2", "x3", "x4", "x5"].map(node), [edge("a", "b")]);
  const at = (id: string) => places.get(id) as { x: number; y: number };
  assert.ok(at("x1").y > at("a").y && at("x1").y === at("x4").y && at("x5").y > at("x1").y);
  for (const each of places.values()) assert.ok(each.x + 190 <= wide && each.y + NODE_TALL <= tall);
  assert.equal(layOut(["x"].map(node), []).places.size, 1);
});

test("many steps become few bars, and nothing is lost", () => {
  const points = Array.from({ length: 1440 }, (_, i) => ({ start_us: i * 60, count: 1, failed: i % 10 ? 0 : 1 }));
  const { bars, places } = barsOf(points, 0, 1440 * 60, 60);
  assert.ok(places <= 120);
  assert.equal(bars.reduce((sum, bar) => sum + bar[1], 0), 1440);
  assert.equal(bars.reduce((sum, bar) => sum + bar[2], 0), 144);
});
