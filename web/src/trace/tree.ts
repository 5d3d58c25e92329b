// A trace's events as a tree: transactions and spans below their parents, one node for one call that was told twice
// (by the Functions host and from its wire), a stub where a parent was never received, clocks of other machines set right.
import type { Trace, TraceEvent } from "../model";

export interface Node {
  key: string; // stands in the address
  event: TraceEvent | null; // null: the stub of a parent that was not received
  host: TraceEvent | null; // the same call as the Functions host told it
  missing: string; // the parent's id, when this is a stub, or when it was not received
  start_us: number; // relative to the trace, moved when the clock differed
  duration_us: number;
  moved_us: number; // how far
  depth: number;
  parent: Node | null;
  children: Node[];
  errors: TraceEvent[];
  logs: TraceEvent[];
  below: number; // nodes below it
  failedBelow: boolean;
  order: number; // in the tree, depth first
}

export interface Tree {
  roots: Node[];
  nodes: Node[]; // depth first
  byKey: Map<string, Node>;
  from_us: number; // absolute
  total_us: number;
  moved: number; // nodes whose time was moved
  services: string[]; // by first appearance
  loose: TraceEvent[]; // errors and logs that belong to no node here
}

const timed = (event: TraceEvent) => event.kind === "transaction" || event.kind === "span";

function nodeOf(event: TraceEvent | null, key: string): Node {
  return {
    key, event, host: null, missing: "", start_us: event?.start_us || 0, duration_us: event?.duration_us || 0, moved_us: 0, depth: 0, parent: null, children: [],
    errors: [], logs: [], below: 0, failedBelow: false, order: 0,
  };
}

// The same id may come from two processes: the sender decides which of them is meant, else the first.
class Ids {
  private byId = new Map<string, Node[]>();
  add(id: string, node: Node): void {
    const known = this.byId.get(id);
    if (known) known.push(node);
    else this.byId.set(id, [node]);
  }
  find(id: string | undefined, resource: number, not: Node | null): Node | null {
    const found = (id && this.byId.get(id)) || [];
    return found.find((node) => node !== not && node.event?.resource === resource) || found.find((node) => node !== not) || null;
  }
}

function gather(trace: Trace): { nodes: Node[]; ids: Ids } {
  const { events, same } = trace;
  const hostOf = new Map(same.map((pair) => [pair.worker, pair.host])), hosts = new Set(same.map((pair) => pair.host));
  const nodes: Node[] = [], ids = new Ids(), keys = new Set<string>();
  events.forEach((event, index) => {
    if (!timed(event) || hosts.has(index)) return;
    let key = event.id || String(index);
    if (keys.has(key)) key = `${key}.${index}`;
    keys.add(key);
    const node = nodeOf(event, key);
    const host = hostOf.get(index);
    if (host !== undefined) node.host = events[host] || null;
    nodes.push(node);
    if (event.id) ids.add(event.id, node);
    if (node.host?.id && node.host.id !== event.id) ids.add(node.host.id, node);
  });
  return { nodes, ids };
}

// What the call was told to be below of: by the host, when it knows more (its caller), else by itself.
function parentIdOf(node: Node): string | undefined {
  const own = node.event?.parent_id;
  if (node.host?.parent_id && (!own || own === node.host.id)) return node.host.parent_id;
  return own;
}

// What no root leads to is a circle of parents: its first node becomes a root.
function cutCircles(nodes: Node[], roots: Node[]): void {
  const reached = new Set<Node>();
  const reach = (from: Node[]) => {
    const stack = [...from];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (reached.has(node)) continue;
      reached.add(node);
      for (const child of node.children) stack.push(child);
    }
  };
  reach(roots);
  for (const node of nodes) {
    if (reached.has(node)) continue;
    const parent = node.parent as Node;
    parent.children.splice(parent.children.indexOf(node), 1);
    node.parent = null;
    roots.push(node);
    reach([node]);
  }
}

function hang(nodes: Node[], ids: Ids): Node[] {
  const roots: Node[] = [], stubs = new Map<string, Node>();
  for (const node of nodes) {
    const event = node.event as TraceEvent, id = parentIdOf(node);
    let parent = id ? ids.find(id, event.resource, node) : null;
    if (!parent && event.kind === "span" && !id) parent = ids.find(event.transaction_id, event.resource, node);
    if (!parent && id) node.missing = id;
    if (!parent && id && event.kind === "span") {
      const stub = stubs.get(id) || nodeOf(null, `missing-${id}`);
      if (!stubs.has(id)) {
        stubs.set(id, stub);
        stub.missing = id;
        stub.parent = ids.find(event.transaction_id, event.resource, node);
        (stub.parent ? stub.parent.children : roots).push(stub);
      }
      parent = stub;
    }
    node.parent = parent;
    (parent ? parent.children : roots).push(node);
  }
  cutCircles(nodes, roots);
  for (const stub of stubs.values()) {
    stub.start_us = Math.min(...stub.children.map((child) => child.start_us));
    stub.duration_us = Math.max(...stub.children.map((child) => child.start_us + child.duration_us)) - stub.start_us;
  }
  return roots;
}

function shift(node: Node, by_us: number): void {
  const stack = [node];
  for (let each = stack.pop(); each; each = stack.pop()) {
    each.start_us += by_us;
    each.moved_us += by_us;
    stack.push(...each.children);
  }
}

// A call on another machine cannot begin before it was made. Its clock differs then: it is set into the middle of its
// caller, where it fits, else to its begin; and what is below goes along.
function setClocks(roots: Node[]): number {
  let moved = 0;
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    for (const child of node.children) {
      const other = node.event && child.event && node.event.resource !== child.event.resource;
      if (other && child.start_us < node.start_us - 1) {
        const room = node.duration_us - child.duration_us;
        shift(child, node.start_us - child.start_us + Math.max(0, Math.floor(room / 2)));
        moved++;
      }
      stack.push(child);
    }
  }
  return moved;
}

// Depth first, children by start; depths, and what is below.
function walk(roots: Node[]): Node[] {
  const out: Node[] = [], stack: Node[] = [];
  const push = (nodes: Node[], depth: number) => {
    nodes.sort((a, b) => a.start_us - b.start_us);
    for (let i = nodes.length - 1; i >= 0; i--) {
      (nodes[i] as Node).depth = depth;
      stack.push(nodes[i] as Node);
    }
  };
  push(roots, 0);
  for (let node = stack.pop(); node; node = stack.pop()) {
    node.order = out.length;
    out.push(node);
    push(node.children, node.depth + 1);
  }
  for (let i = out.length - 1; i >= 0; i--) {
    const node = out[i] as Node, parent = node.parent;
    if (!parent) continue;
    parent.below += node.below + 1;
    if (node.failedBelow || hasFailed(node)) parent.failedBelow = true;
  }
  return out;
}

export function hasFailed(node: Node): boolean {
  return node.event?.outcome === "failure" || node.errors.length > 0;
}

function attach(trace: Trace, ids: Ids): TraceEvent[] {
  const loose: TraceEvent[] = [];
  for (const event of trace.events) {
    if (timed(event)) continue;
    const node = ids.find(event.parent_id, event.resource, null) || ids.find(event.transaction_id, event.resource, null);
    if (!node) loose.push(event);
    else (event.kind === "error" ? node.errors : node.logs).push(event);
  }
  return loose;
}

export function buildTree(trace: Trace, clocks = true): Tree {
  const { nodes: gathered, ids } = gather(trace);
  const loose = attach(trace, ids);
  const roots = hang(gathered, ids);
  const moved = clocks ? setClocks(roots) : 0;
  const nodes = walk(roots);
  let from = Infinity, to = -Infinity;
  for (const node of nodes) {
    from = Math.min(from, node.start_us);
    to = Math.max(to, node.start_us + node.duration_us);
  }
  if (!nodes.length) from = to = trace.events.reduce((least, event) => Math.min(least, event.start_us), trace.trace.start_us);
  for (const node of nodes) node.start_us -= from;
  const services = [...new Set(nodes.map((node) => node.event?.service).filter((name): name is string => Boolean(name)))];
  return { roots, nodes, byKey: new Map(nodes.map((node) => [node.key, node])), from_us: from, total_us: Math.max(1, to - from), moved, services, loose };
}

// The rows to show: without what is below a collapsed node, and without what is shorter than least_us, unless something
// that stays is below it.
export function visibleRows(tree: Tree, collapsed: Set<string>, least_us = 0): Node[] {
  const stays = new Set<Node>();
  if (least_us > 0)
    for (let i = tree.nodes.length - 1; i >= 0; i--) {
      const node = tree.nodes[i] as Node;
      if (node.duration_us >= least_us || hasFailed(node) || stays.has(node)) {
        stays.add(node);
        if (node.parent) stays.add(node.parent);
      }
    }
  const out: Node[] = [];
  for (let i = 0; i < tree.nodes.length; i++) {
    const node = tree.nodes[i] as Node;
    if (least_us > 0 && !stays.has(node)) {
      i += node.below;
      continue;
    }
    out.push(node);
    if (collapsed.has(node.key)) i += node.below;
  }
  return out;
}
