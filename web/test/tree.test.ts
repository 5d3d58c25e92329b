import assert from "node:assert/strict";
import { test } from "node:test";
import { buildTree, visibleRows } from "../src/trace/tree";
import { event, trace } from "./make";

const shape = (events: Parameters<typeof trace>[0], same: Parameters<typeof trace>[1] = []) => buildTree(trace(events, same)).nodes.map((node) => `${" ".repeat(node.depth)}${node.key}`);

test("children stand below their parents, by start", () => {
  assert.deepEqual(shape([event("root", null, 0, 100), event("b", "root", 50, 10), event("a", "root", 10, 10), event("aa", "a", 12, 2)]), ["root", " a", "  aa", " b"]);
});

test("a parent that was not received gets one stub, below the transaction", () => {
  const tree = buildTree(trace([event("root", null, 0, 100), event("x", "lost", 40, 10), event("y", "lost", 60, 20)]));
  assert.deepEqual(tree.nodes.map((node) => `${node.depth}${node.key}`), ["0root", "1missing-lost", "2x", "2y"]);
  const stub = tree.byKey.get("missing-lost");
  assert.equal(stub?.start_us, 40);
  assert.equal(stub?.duration_us, 40);
});

test("a transaction whose caller is elsewhere is a root that says so", () => {
  const tree = buildTree(trace([event("root", null, 0, 100, { parent_id: "away" })]));
  assert.equal(tree.nodes.length, 1);
  assert.equal(tree.nodes[0]?.missing, "away");
});

test("circles of parents lose nothing", () => {
  const tree = buildTree(trace([event("a", "b", 0, 10), event("b", "a", 1, 10), event("c", "c", 2, 3)]));
  assert.deepEqual(tree.nodes.filter((node) => node.event).map((node) => node.key).sort(), ["a", "b", "c"]);
});

test("host and worker of one call are one node, and it hangs below the host's caller", () => {
  const events = [event("client", null, 0, 100), event("root", "client", 10, 80, { kind: "transaction", resource: 2 }), event("root", null, 12, 70, { kind: "transaction", resource: 3, parent_id: "client" }), event("inner", "root", 20, 5, { resource: 3 })];
  const tree = buildTree(trace(events, [{ host: 1, worker: 2 }]));
  assert.deepEqual(tree.nodes.map((node) => `${" ".repeat(node.depth)}${node.event?.name}`), ["client", " root", "  inner"]);
  assert.equal(tree.nodes[1]?.host, events[1]);
});

test("the same id of two processes: the sender's own parent is meant", () => {
  const tree = buildTree(trace([event("root", null, 0, 100, { resource: 1 }), event("root", null, 5, 50, { resource: 2, kind: "transaction" }), event("x", "root", 10, 5, { resource: 2 })]));
  assert.equal(tree.nodes.find((node) => node.event?.name === "x")?.parent?.event?.resource, 2);
});

test("a call that begins before its caller is moved into it, and what is below goes along", () => {
  const tree = buildTree(trace([event("root", null, 1000, 100), event("call", "root", 1010, 80), event("there", "call", 500, 60, { resource: 2, kind: "transaction" }), event("below", "there", 510, 10, { resource: 2 })]));
  assert.equal(tree.moved, 1);
  assert.equal(tree.byKey.get("there")?.start_us, 20);
  assert.equal(tree.byKey.get("below")?.start_us, 30);
  assert.equal(tree.total_us, 100);
  assert.equal(buildTree(trace([event("root", null, 1000, 100), event("there", "root", 500, 60, { resource: 2 })]), false).total_us, 600);
});

test("errors and logs stand at their span, or at none", () => {
  const tree = buildTree(trace([event("root", null, 0, 10), event("e", "root", 5, 0, { kind: "error" }), event("l", null, 5, 0, { kind: "log", transaction_id: "root" }), event("x", "nowhere", 5, 0, { kind: "error", transaction_id: "none" })]));
  assert.equal(tree.nodes[0]?.errors.length, 1);
  assert.equal(tree.nodes[0]?.logs.length, 1);
  assert.equal(tree.loose.length, 1);
});

test("what is short is hidden, but not what failed nor what is above something shown", () => {
  const tree = buildTree(trace([event("root", null, 0, 1000), event("short", "root", 10, 5), event("longer", "short", 10, 400), event("tiny", "root", 20, 1), event("bad", "tiny", 20, 1, { outcome: "failure" })]));
  assert.deepEqual(visibleRows(tree, new Set(), 100).map((node) => node.key), ["root", "short", "longer", "tiny", "bad"]);
  assert.deepEqual(visibleRows(tree, new Set(["tiny"]), 100).map((node) => node.key), ["root", "short", "longer", "tiny"]);
  assert.equal(visibleRows(buildTree(trace([event("root", null, 0, 1000), event("short", "root", 10, 5)])), new Set(), 100).length, 1);
});

test("a chain of 50,000 spans does not end the stack", () => {
  const events = [event("0", null, 0, 50000)];
  for (let i = 1; i < 50000; i++) events.push(event(String(i), String(i - 1), i, 50000 - i));
  assert.equal(buildTree(trace(events)).nodes.length, 50000);
});
