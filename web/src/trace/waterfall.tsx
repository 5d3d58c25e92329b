// The tree of calls over time. Only the rows in sight are made, so that 10,000 spans scroll like ten.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { duration } from "../format";
import { object } from "../parts/stack";
import { ColdChip } from "../parts/text";
import { colourOf } from "./colours";
import type { CriticalPath } from "./critical";
import { setZoom, toggleCollapsed, zoomBy, type State } from "./state";
import { hasFailed, type Node, type Tree } from "./tree";

export const ROW = 26;
const SPARE = 12;
const DEEPEST = 24; // further indents would leave no room for names

export function titleOf(node: Node): string {
  if (!node.event) return `not received: ${node.missing}`;
  const times = Number(object(node.event.event.composite).count);
  return `${times > 1 ? `${times}× ` : ""}${node.event.name || "(no name)"}`;
}

// Spans of a transaction that its agent left out, beyond its limit.
export function droppedOf(node: Node): number {
  return Number(object(node.event?.event.span_count).dropped) || 0;
}

function Ticks({ state }: { state: State }) {
  const { from_us, to_us } = state.zoom;
  return (
    <div class="ticks" aria-hidden="true">
      {[0, 0.25, 0.5, 0.75, 1].map((part) => (
        <span style={part === 1 ? { right: "0" } : { left: `${part * 100}%` }}>{duration(from_us + part * (to_us - from_us))}</span>
      ))}
    </div>
  );
}

// Beside the bar, where there is room: right of it, left of it, or in it.
function Time({ left, right, children }: { left: number; right: number; children: string }) {
  if (right < 80) return <span class="time" style={{ left: `${Math.max(0, right)}%` }}>{children}</span>;
  if (left > 15) return <span class="time" style={{ right: `${Math.max(0, 100 - left)}%` }}>{children}</span>;
  return <span class="time inside" style={{ left: `${Math.max(0, left)}%` }}>{children}</span>;
}

function Lane({ node, tree, state, path }: { node: Node; tree: Tree; state: State; path: CriticalPath | null }) {
  const { from_us, to_us } = state.zoom, wide = to_us - from_us;
  const place = (us: number) => ((us - from_us) / wide) * 100;
  const left = place(node.start_us), right = place(node.start_us + node.duration_us);
  if (right < -0.1 || left > 100) return <div class="lane"><span class={`beyond ${left > 100 ? "after" : ""}`} aria-hidden="true">{left > 100 ? "›" : "‹"}</span></div>;
  return (
    <div class="lane">
      <span class={`bar ${colourOf(tree.services, node.event?.service)} ${hasFailed(node) ? "failed" : ""} ${node.event?.kind || "missing"} ${node.event?.coldstart ? "coldstart" : ""}`} style={{ left: `${Math.max(-1, left)}%`, width: `${Math.min(101, right) - Math.max(-1, left)}%` }} />
      {(path?.get(node) || []).map((piece) => (
        <span class="critical" style={{ left: `${place(piece.from_us)}%`, width: `${place(piece.to_us) - place(piece.from_us)}%` }} />
      ))}
      {node.errors.map((error) => <span class="point" style={{ left: `${place(error.start_us - tree.from_us + node.moved_us)}%` }} title={error.message || "error"} />)}
      <Time left={left} right={right}>{duration(node.duration_us)}</Time>
    </div>
  );
}

function Row({ node, index, tree, state, path, pick, found }: { node: Node; index: number; tree: Tree; state: State; path: CriticalPath | null; pick: (node: Node) => void; found: boolean }) {
  const closed = state.collapsed.has(node.key), chosen = state.at === node.key;
  const parent = node.parent;
  const entry = !parent || parent.event?.service !== node.event?.service;
  return (
    <div id={`row-${node.key}`} class={`row ${chosen ? "chosen" : ""} ${found ? "found" : ""}`} style={{ top: `${index * ROW}px`, height: `${ROW}px` }} role="treeitem" aria-level={node.depth + 1} aria-selected={chosen} aria-expanded={node.children.length ? !closed : undefined} onClick={() => pick(node)}>
      <div class="label" style={{ paddingLeft: `${Math.min(node.depth, DEEPEST) * 14 + 4}px` }} title={`${titleOf(node)}\n${node.event?.service || ""}`}>
        {node.children.length ? (
          <button type="button" class="twist" tabIndex={-1} aria-label={closed ? `open ${node.below} below` : "close"} onClick={(event) => {
            event.stopPropagation();
            toggleCollapsed(state.collapsed, node.key);
          }}>{closed ? "▸" : "▾"}</button>
        ) : <span class="twist" />}
        <span class={`swatch ${colourOf(tree.services, node.event?.service)}`} aria-hidden="true" />
        {hasFailed(node) && <span class="bad" aria-label="failed">✗ </span>}
        {!hasFailed(node) && node.failedBelow && closed && <span class="bad" aria-label="failed below">✗↓ </span>}
        {entry && node.event?.service && <span class="service">{node.event.service}</span>}
        <span class={node.event ? "" : "faint"}>{titleOf(node)}</span>
        {node.event?.coldstart && <ColdChip />}
        {node.host && <span class="chip" title="The Functions host and the wire between it and its worker tell of this call: one row for both">host + worker</span>}
        {droppedOf(node) > 0 && <span class="chip warn" title="Its agent left them out, beyond its limit of spans">{droppedOf(node)} spans dropped</span>}
        {closed && <span class="faint small"> +{node.below}</span>}
        {node.logs.length > 0 && <span class="faint small" title={`${node.logs.length} log lines`}> ✎{node.logs.length}</span>}
      </div>
      <Lane node={node} tree={tree} state={state} path={path} />
    </div>
  );
}

export function Waterfall({ tree, rows, state, path, pick, found, tall }: { tree: Tree; rows: Node[]; state: State; path: CriticalPath | null; pick: (node: Node) => void; found: Set<Node>; tall: number }) {
  const holder = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const placeOf = useMemo(() => new Map(rows.map((node, index) => [node.key, index])), [rows]);
  useLayoutEffect(() => {
    const place = placeOf.get(state.at), box = holder.current;
    if (place === undefined || !box) return;
    if (place * ROW < box.scrollTop) box.scrollTop = place * ROW - ROW;
    else if ((place + 1) * ROW > box.scrollTop + box.clientHeight) box.scrollTop = (place + 2) * ROW - box.clientHeight;
  }, [state.at, placeOf]);
  useEffect(() => {
    const box = holder.current as HTMLDivElement;
    const turned = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const lanes = box.querySelector(".lane")?.getBoundingClientRect();
      const part = lanes ? Math.min(1, Math.max(0, (event.clientX - lanes.left) / lanes.width)) : 0.5;
      zoomBy(state.zoom, event.deltaY > 0 ? 1.25 : 0.8, state.zoom.from_us + part * (state.zoom.to_us - state.zoom.from_us), tree.total_us);
    };
    box.addEventListener("wheel", turned, { passive: false });
    return () => box.removeEventListener("wheel", turned);
  }, [state.zoom.from_us, state.zoom.to_us, tree]);
  const first = Math.max(0, Math.floor(top / ROW) - SPARE), last = Math.min(rows.length, Math.ceil((top + tall) / ROW) + SPARE);
  return (
    <div class="waterfall">
      <div class="row head"><div class="label faint">{rows.length.toLocaleString()} of {tree.nodes.length.toLocaleString()} spans</div><Ticks state={state} /></div>
      <div class="rows" ref={holder} role="tree" tabIndex={0} aria-label="Spans of the trace" aria-activedescendant={placeOf.has(state.at) ? `row-${state.at}` : undefined} style={{ maxHeight: `${tall}px` }} onScroll={(event) => setTop(event.currentTarget.scrollTop)} onDblClick={() => setZoom(null, tree.total_us)}>
        <div class="space" style={{ height: `${rows.length * ROW}px` }}>
          {rows.slice(first, last).map((node, offset) => (
            <Row key={node.key} node={node} index={first + offset} tree={tree} state={state} path={path} pick={pick} found={found.has(node)} />
          ))}
        </div>
      </div>
    </div>
  );
}
