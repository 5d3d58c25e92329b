// Finding spans inside a trace: by any text of theirs.
import type { Node, Tree } from "./tree";

const texts = new WeakMap<Node, string>();

function textOf(node: Node): string {
  let text = texts.get(node);
  if (text === undefined) {
    const event = node.event;
    text = event ? `${event.name}\n${event.service}\n${JSON.stringify(event.event)}\n${node.errors.map((error) => error.message).join("\n")}`.toLowerCase() : node.missing;
    texts.set(node, text);
  }
  return text;
}

export function findIn(tree: Tree, words: string): Node[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return wanted.length ? tree.nodes.filter((node) => wanted.every((word) => textOf(node).includes(word))) : [];
}

// The next of nodes after the chosen one, in tree order, and around.
export function nextOf(nodes: Node[], tree: Tree, at: string, step: 1 | -1): Node | null {
  if (!nodes.length) return null;
  const here = tree.byKey.get(at)?.order ?? (step > 0 ? -1 : tree.nodes.length);
  const sorted = step > 0 ? nodes : [...nodes].reverse();
  return sorted.find((node) => (step > 0 ? node.order > here : node.order < here)) || sorted[0] || null;
}
