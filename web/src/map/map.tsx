// Who calls whom, from the stored spans. An edge or a node that is chosen tells its numbers and leads to its traces.
import { useMemo } from "preact/hooks";
import { adjust, formatAddress, timeOf } from "../address";
import { count, duration, share } from "../format";
import { query, useAsk } from "../hub";
import type { MapEdge, MapNode, ServiceMap } from "../model";
import { NothingYet, Shown } from "../parts/say";
import { Table } from "../parts/table";
import { Chip, Duration, Failed } from "../parts/text";
import type { View } from "../view";
import { keyOf, layOut, NODE_TALL, NODE_WIDE, type Layout, type Placed } from "./layout";

function short(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

type Spot = { x: number; y: number };

function bend(from: Spot, to: Spot): string {
  const half = (to.x - from.x) / 2;
  return `C ${from.x + half} ${from.y}, ${to.x - half} ${to.y}, ${to.x} ${to.y}`;
}

// The path, and where its label stands.
function pathOf(from: Placed, to: Placed, way: Spot[]): { path: string; label: Spot } {
  const y1 = from.y + NODE_TALL / 2, y2 = to.y + NODE_TALL / 2;
  if (from === to) return { path: `M ${from.x + NODE_WIDE} ${y1 - 8} c 40 -40, 40 56, 0 16`, label: { x: from.x + NODE_WIDE + 20, y: y1 - 26 } };
  const forward = to.x > from.x;
  const first = { x: forward ? from.x + NODE_WIDE : from.x, y: y1 }, last = { x: forward ? to.x - 7 : to.x + NODE_WIDE + 7, y: y2 };
  if (from.x === to.x) return { path: `M ${from.x} ${y1} C ${from.x - 50} ${y1}, ${from.x - 50} ${y2}, ${to.x - 7} ${y2}`, label: { x: from.x - 40, y: (y1 + y2) / 2 } };
  const spots = [first, ...way, last];
  const path = spots.slice(1).map((spot, index) => bend(spots[index] as Spot, spot)).join(" ");
  const [a, b] = way.length ? [way[0] as Spot, way[0] as Spot] : [first, last];
  return { path: `M ${first.x} ${first.y} ${path}`, label: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 - 6 } };
}

const pressed = (act: () => void) => (event: KeyboardEvent) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  act();
};

function Edge({ edge, layout, chosen, most }: { edge: MapEdge; layout: Layout; chosen: string | undefined; most: number }) {
  const from = layout.places.get(String(edge.from)), to = layout.places.get(String(edge.to));
  if (!from || !to) return null;
  const key = keyOf(edge);
  const choose = () => adjust({ edge: key, node: "" });
  const near = chosen === key;
  const { path, label } = pathOf(from, to, layout.ways.get(key) || []);
  const words = `${from.node.name} to ${to.node.name}: ${count(edge.per_minute)} per minute, ${share(edge.failed_ratio)} failed, p95 ${duration(edge.p95_us)}`;
  return (
    <g class={`edge ${edge.failed_ratio ? "failed" : ""} ${near ? "chosen" : ""}`} role="button" tabIndex={0} aria-label={words} onClick={choose} onKeyDown={pressed(choose)}>
      <title>{words}</title>
      <path class="reach" d={path} />
      <path d={path} style={{ strokeWidth: `${1.2 + 3 * Math.sqrt((edge.requests || 0) / Math.max(1, most))}px` }} marker-end="url(#arrow)" />
      <text x={label.x} y={label.y}>{edge.per_minute ? `${count(edge.per_minute)}/min` : ""}{edge.failed_ratio ? ` ✗ ${share(edge.failed_ratio)}` : ""}</text>
    </g>
  );
}

function Node({ placed, chosen }: { placed: Placed; chosen: boolean }) {
  const { node, x, y } = placed;
  const choose = () => adjust({ node: String(node.id), edge: "" });
  const numbers = node.requests ? `${count(node.requests)} · p95 ${duration(node.p95_us)}` : node.type || "";
  return (
    <g class={`node ${node.kind} ${node.failed_ratio ? "failed" : ""} ${chosen ? "chosen" : ""}`} role="button" tabIndex={0} aria-label={`${node.kind} ${node.name}, ${numbers}`} onClick={choose} onKeyDown={pressed(choose)} transform={`translate(${x} ${y})`}>
      <title>{node.name}</title>
      <rect width={NODE_WIDE} height={NODE_TALL} rx={node.kind === "service" ? 8 : 24} />
      <text class="node-name" x={NODE_WIDE / 2} y={22}>{short(node.name, 24)}</text>
      <text class="node-numbers" x={NODE_WIDE / 2} y={40}>{short(numbers, 26)}{node.failed_ratio ? ` ✗ ${share(node.failed_ratio)}` : ""}</text>
    </g>
  );
}

function Chosen({ data, parameters }: { data: ServiceMap; parameters: View["parameters"] }) {
  const time = timeOf(parameters);
  const edge = data.edges.find((each) => keyOf(each) === parameters.edge);
  const name = (id: string | number) => data.nodes.find((node) => String(node.id) === String(id));
  if (edge) {
    const from = name(edge.from), to = name(edge.to);
    return (
      <aside class="chosen-box">
        <h2>{from?.name} → {to?.name}</h2>
        <p>{count(edge.requests)} calls ({count(edge.per_minute)} / min), <Failed ratio={edge.failed_ratio} /> failed, avg <Duration us={edge.avg_us} />, p95 <Duration us={edge.p95_us} /></p>
        <p class="links">
          {from && <a href={formatAddress("traces", { ...time, service: from.name, q: edge.target || "" })}>Traces of {from.name} with it</a>}
          {to?.kind === "service" && <a href={formatAddress("traces", { ...time, service: to.name })}>Traces of {to.name}</a>}
        </p>
      </aside>
    );
  }
  const node = parameters.node ? name(parameters.node) : undefined;
  if (!node) return null;
  return (
    <aside class="chosen-box">
      <h2>{node.name} {node.type && <Chip>{node.type}</Chip>}</h2>
      {node.requests !== undefined && <p>{count(node.requests)} requests, <Failed ratio={node.failed_ratio} /> failed, p95 <Duration us={node.p95_us} /></p>}
      <p class="links">{node.kind === "service" ? <><a href={formatAddress("services", time, node.name)}>Service</a> <a href={formatAddress("traces", { ...time, service: node.name })}>Traces</a></> : <a href={formatAddress("traces", { ...time, q: node.name })}>Traces with it</a>}</p>
    </aside>
  );
}

function Edges({ data }: { data: ServiceMap }) {
  const name = (id: string | number) => data.nodes.find((node: MapNode) => String(node.id) === String(id))?.name || String(id);
  return (
    <details>
      <summary>The same as a table</summary>
      <Table caption="Calls" items={data.edges} keyOf={keyOf}
        columns={[
          { title: "From", by: (e) => name(e.from), cell: (e) => name(e.from) }, { title: "To", by: (e) => name(e.to), cell: (e) => name(e.to) },
          { title: "Type", cell: (e) => e.type }, { title: "Rate / min", number: true, by: (e) => e.per_minute, cell: (e) => count(e.per_minute) },
          { title: "Failed", number: true, by: (e) => e.failed_ratio, cell: (e) => <Failed ratio={e.failed_ratio} /> }, { title: "p95", number: true, by: (e) => e.p95_us, cell: (e) => <Duration us={e.p95_us} /> },
        ]} />
    </details>
  );
}

export function MapView({ parameters, live }: View) {
  const answer = useAsk<ServiceMap>(query("api/map", timeOf(parameters)), live);
  const layout = useMemo(() => answer.data && layOut(answer.data.nodes, answer.data.edges), [answer.data]);
  return (
    <Shown answer={answer}>
      {(data) => {
        if (!data.nodes.length || !layout) return <NothingYet what="calls" />;
        const most = Math.max(1, ...data.edges.map((edge) => edge.requests || 0));
        return (
          <>
            {data.sampled && <p class="faint">Which target is which service was taken from the newest 20,000 transactions.</p>}
            <div class="map-holder" tabIndex={0} role="region" aria-label="Service map">
              <svg class="map" viewBox={`0 0 ${layout.wide} ${layout.tall}`} style={{ width: `${layout.wide}px`, minWidth: `${Math.min(layout.wide, 640)}px` }}>
                <defs>
                  <marker id="arrow" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 L8 4 L0 8 z" /></marker>
                </defs>
                {data.edges.map((edge) => <Edge key={keyOf(edge)} edge={edge} layout={layout} chosen={parameters.edge} most={most} />)}
                {[...layout.places.values()].map((placed) => <Node key={placed.node.id} placed={placed} chosen={parameters.node === String(placed.node.id)} />)}
              </svg>
            </div>
            <Chosen data={data} parameters={parameters} />
            <Edges data={data} />
          </>
        );
      }}
    </Shown>
  );
}
