import assert from "node:assert/strict";
import { test } from "node:test";
import { criticalPath, selfTime } from "../src/trace/critical";
import { buildTree } from "../src/trace/tree";
import { event, trace } from "./make";

function pieces(events: Parameters<typeof trace>[0]): { [key: string]: [number, number][] } {
  const out: { [key: string]: [number, number][] } = {};
  for (const [node, list] of criticalPath(buildTree(trace(events)))) out[node.key] = list.map((piece): [number, number] => [piece.from_us, piece.to_us]).sort((a, b) => a[0] - b[0]);
  return out;
}

test("of two at once the one that ends last is waited for", () => {
  assert.deepEqual(pieces([event("root", null, 0, 100), event("short", "root", 10, 20), event("long", "root", 10, 70)]), { root: [[0, 10], [80, 100]], long: [[10, 80]] });
});

test("one after the other: both", () => {
  assert.deepEqual(pieces([event("root", null, 0, 100), event("a", "root", 10, 20), event("b", "root", 40, 50)]), { root: [[0, 10], [30, 40], [90, 100]], a: [[10, 30]], b: [[40, 90]] });
});

test("what outlives its caller is not waited for beyond the caller's end", () => {
  assert.deepEqual(pieces([event("root", null, 0, 100), event("a", "root", 60, 90)]), { root: [[0, 60]], a: [[60, 100]] });
});

test("the pieces cover the whole time once", () => {
  const events = [event("root", null, 0, 1000)];
  for (let i = 0; i < 200; i++) events.push(event(`s${i}`, i % 3 ? `s${i - (i % 3)}` : "root", (i * 37) % 900, 20 + ((i * 13) % 90)));
  const all = Object.values(pieces(events)).flat().sort((a, b) => a[0] - b[0]);
  let at = 0;
  for (const [from, to] of all) {
    assert.equal(from, at);
    assert.ok(to > from);
    at = to;
  }
  assert.equal(at, 1000);
});

test("self time counts children at once only once", () => {
  const tree = buildTree(trace([event("root", null, 0, 100), event("a", "root", 10, 40), event("b", "root", 30, 40), event("c", "root", 90, 40)]));
  assert.equal(selfTime(tree.nodes[0] as never), 30);
});
