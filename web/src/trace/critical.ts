// The critical path: which spans the trace waited for, and when. Backwards from a node's end, the child that ended last
// before that moment is what was waited for; the rest of the time the node itself was at work.
import type { Node, Tree } from "./tree";

export interface Piece {
  from_us: number;
  to_us: number;
}
export type CriticalPath = Map<Node, Piece[]>;

interface Task {
  node: Node;
  until_us: number;
}

function own(path: CriticalPath, node: Node, from_us: number, to_us: number): void {
  if (to_us <= from_us) return;
  const pieces = path.get(node);
  if (pieces) pieces.push({ from_us, to_us });
  else path.set(node, [{ from_us, to_us }]);
}

function follow(path: CriticalPath, tasks: Task[], { node, until_us }: Task): void {
  let at = until_us;
  const children = [...node.children].sort((a, b) => b.start_us + b.duration_us - (a.start_us + a.duration_us));
  for (const child of children) {
    const end = Math.min(child.start_us + child.duration_us, node.start_us + node.duration_us);
    if (child.start_us >= at || end > at || end <= node.start_us) continue;
    own(path, node, end, at);
    tasks.push({ node: child, until_us: end });
    at = Math.max(child.start_us, node.start_us);
  }
  own(path, node, node.start_us, at);
}

export function criticalPath(tree: Tree): CriticalPath {
  const path: CriticalPath = new Map();
  const first = tree.roots.reduce<Node | null>((longest, root) => (!longest || root.duration_us > longest.duration_us ? root : longest), null);
  if (!first) return path;
  const tasks: Task[] = [{ node: first, until_us: first.start_us + first.duration_us }];
  for (let task = tasks.pop(); task; task = tasks.pop()) follow(path, tasks, task);
  return path;
}

// The time in which no child of it ran.
export function selfTime(node: Node): number {
  const end = node.start_us + node.duration_us;
  let covered = 0, at = node.start_us;
  for (const child of [...node.children].sort((a, b) => a.start_us - b.start_us)) {
    const from = Math.max(child.start_us, at), to = Math.min(child.start_us + child.duration_us, end);
    if (to > from) {
      covered += to - from;
      at = to;
    }
  }
  return Math.max(0, node.duration_us - covered);
}
