// One trace: its waterfall, logs and errors, and what is chosen of it. The whole state is in the address.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { adjust, formatAddress, isTraceId } from "../address";
import { duration, plural } from "../format";
import { useAsk } from "../hub";
import type { Trace, TraceEvent } from "../model";
import { Command, Empty, Shown } from "../parts/say";
import { Save } from "../parts/save";
import { Exception } from "../parts/stack";
import { Chip, ColdChip, Copy, Duration, Moment, OutcomeMark } from "../parts/text";
import type { View } from "../view";
import { colourOf } from "./colours";
import { criticalPath } from "./critical";
import { findIn, nextOf } from "./find";
import { useTraceKeys } from "./keys";
import { Minimap } from "./minimap";
import { LogLines, SpanPanel } from "./panel";
import { choose, setZoom, stateOf, toggleCollapsed, zoomBy } from "./state";
import { buildTree, hasFailed, visibleRows, type Node, type Tree } from "./tree";
import { Waterfall } from "./waterfall";

function Head({ data, tree }: { data: Trace; tree: Tree }) {
  const trace = data.trace;
  return (
    <header class="trace-head">
      <h1>{trace.name || "(its first transaction has not come yet)"}</h1>
      <p class="links">
        <OutcomeMark outcome={trace.outcome} /> {trace.result && <span>{trace.result}</span>} <Duration us={trace.duration_us} />
        {Math.abs(tree.total_us - (trace.duration_us || 0)) > 1000 && <span class="faint" title="from the first start to the last end">(all of it {duration(tree.total_us)})</span>}
        <Moment us={trace.start_us} fine />
        {trace.coldstart && <ColdChip />} {trace.trigger && <Chip>{trace.trigger}</Chip>}
        <span class="id"><code>{trace.trace_id}</code><Copy text={trace.trace_id} /></span>
        <Save path={`api/traces/${trace.trace_id}/export?format=intake`} label="Save" hint="As a file of intake v2 lines, for a colleague: azimuth hub import FILE" />
        <Save path={`api/traces/${trace.trace_id}/export?format=otlp`} label="Save as OTLP" hint="As OTLP JSON, for any OpenTelemetry tool" />
      </p>
      <p class="links legend">
        {tree.services.map((service) => <span><span class={`swatch ${colourOf(tree.services, service)}`} aria-hidden="true" /> {service}</span>)}
      </p>
    </header>
  );
}

// "at" of the address may also be the id of an error or of a log's parent.
const NONE = "-"; // a single span is chosen without being asked for, unless it was closed

function nodeAt(tree: Tree, at: string): Node | null {
  if (!at) return null;
  return tree.byKey.get(at) || tree.nodes.find((node) => node.event?.id === at || node.errors.some((error) => error.id === at)) || null;
}

function ErrorList({ tree, pick }: { tree: Tree; pick: (node: Node) => void }) {
  const nodes = tree.nodes.filter((node) => node.errors.length);
  const loose = tree.loose.filter((event) => event.kind === "error");
  if (!nodes.length && !loose.length) return <p class="good">✓ No error was sent with this trace.</p>;
  return (
    <>
      {nodes.map((node) => node.errors.map((error) => (
        <section class="error-box">
          <p class="links"><button type="button" onClick={() => pick(node)}>In {node.event?.name || "its span"}</button> <span class="faint">{node.event?.service} +{duration(Math.max(0, error.start_us - tree.from_us))}</span></p>
          <Exception error={error.event} />
        </section>
      )))}
      {loose.map((error) => <section class="error-box"><Exception error={error.event} /></section>)}
    </>
  );
}

function logsOf(data: Trace): TraceEvent[] {
  return data.events.filter((event) => event.kind === "log").sort((a, b) => a.start_us - b.start_us);
}

function useHeight(): [number, (element: HTMLElement | null) => void] {
  const [tall, setTall] = useState(480);
  const place = useRef<HTMLElement | null>(null);
  useEffect(() => {
    const measure = () => place.current && setTall(Math.max(220, innerHeight - place.current.getBoundingClientRect().top - scrollY - 40));
    measure();
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  return [tall, (element) => { place.current = element; }];
}

function Shape({ data, parameters }: { data: Trace; parameters: View["parameters"] }) {
  const clocks = parameters.clocks !== "sent";
  const tree = useMemo(() => buildTree(data, clocks), [data, clocks]);
  const state = stateOf(parameters, tree.total_us);
  const closed = [...state.collapsed].join(",");
  const rows = useMemo(() => visibleRows(tree, state.collapsed, state.least_us), [tree, closed, state.least_us]);
  const path = useMemo(() => (state.critical ? criticalPath(tree) : null), [tree, state.critical]);
  const matches = useMemo(() => findIn(tree, state.find), [tree, state.find]);
  const found = useMemo(() => new Set(matches), [matches]);
  const failed = useMemo(() => tree.nodes.filter(hasFailed), [tree]);
  const logs = useMemo(() => logsOf(data), [data]);
  const chosen = nodeAt(tree, state.at) || (tree.nodes.length === 1 && parameters.at === undefined ? (tree.nodes[0] as Node) : null);
  const [tall, measure] = useHeight();
  const input = useRef<HTMLInputElement>(null);
  const close = () => adjust({ at: tree.nodes.length === 1 ? NONE : "" });
  const pick = (node: Node) => choose(tree, state, node.key, { tab: state.tab === "errors" ? "" : state.tab });
  const step = (nodes: Node[], by: 1 | -1) => {
    const next = nextOf(nodes, tree, chosen?.key || "", by);
    if (next) choose(tree, state, next.key, { tab: "" });
  };
  const shown = { ...state, at: chosen?.key || "" };
  useTraceKeys({
    move: (by) => {
      const here = rows.findIndex((node) => node.key === chosen?.key);
      const next = rows[Math.min(rows.length - 1, Math.max(0, here + by))];
      if (next) pick(next);
    },
    open: (open) => {
      if (!chosen) return;
      if (chosen.children.length && state.collapsed.has(chosen.key) === open) toggleCollapsed(state.collapsed, chosen.key);
      else if (!open && chosen.parent) pick(chosen.parent);
    },
    nextError: (by) => step(failed, by),
    nextFound: (by) => step(matches, by),
    zoom: (factor) => (factor ? zoomBy(state.zoom, factor, chosen ? chosen.start_us + chosen.duration_us / 2 : (state.zoom.from_us + state.zoom.to_us) / 2, tree.total_us) : setZoom(null, tree.total_us)),
    zoomTo: () => chosen && setZoom({ from_us: chosen.start_us - chosen.duration_us * 0.02, to_us: chosen.start_us + chosen.duration_us * 1.02 }, tree.total_us),
    critical: () => adjust({ critical: state.critical ? "no" : "" }),
    find: () => input.current?.focus(),
    close,
  });
  const tabs: [string, string][] = [["", "Waterfall"], ["logs", `Logs ${logs.length}`], ["errors", `Errors ${data.events.filter((event) => event.kind === "error").length}`]];
  return (
    <>
      <Head data={data} tree={tree} />
      <div class="tabs" role="group" aria-label="Parts of the trace">
        {tabs.map(([name, title]) => <button type="button" aria-pressed={state.tab === name} onClick={() => adjust({ tab: name })}>{title}</button>)}
      </div>
      {state.tab === "logs" && <LogLines lines={logs} tree={tree} mark={chosen?.event?.id || state.at} />}
      {state.tab === "errors" && <ErrorList tree={tree} pick={pick} />}
      {state.tab === "" && (
        <>
          <div class="tools">
            <label>Find in trace <input ref={input} type="search" placeholder="name, value" value={state.find} onInput={(event) => adjust({ find: event.currentTarget.value })} onKeyDown={(event) => event.key === "Enter" && step(findIn(tree, event.currentTarget.value), event.shiftKey ? -1 : 1)} /></label>
            {state.find && <span role="status">{plural(matches.length, "span")} <button type="button" onClick={() => step(matches, -1)} aria-label="previous found">↑</button><button type="button" onClick={() => step(matches, 1)} aria-label="next found">↓</button></span>}
            {failed.length > 0 && <button type="button" class="bad" onClick={() => step(failed, 1)} title="e; backwards with Shift">✗ Next of {failed.length} failed</button>}
            <label><input type="checkbox" checked={state.critical} onChange={() => adjust({ critical: state.critical ? "no" : "" })} /> critical path</label>
            <label>Hide below <select value={String(state.least_us || "")} onChange={(event) => adjust({ least: event.currentTarget.value })}>{[["", "nothing"], ["100", "100 µs"], ["1000", "1 ms"], ["10000", "10 ms"], ["100000", "100 ms"], ["1000000", "1 s"]].map(([value, text]) => <option value={value} selected={value === String(state.least_us || "")}>{text}</option>)}</select></label>
            {state.collapsed.size > 0 ? <button type="button" onClick={() => adjust({ closed: "" })}>Open all</button> : <button type="button" onClick={() => adjust({ closed: tree.nodes.filter((node) => node.depth >= 1 && node.children.length).slice(0, 400).map((node) => node.key).join(",") })}>Close all</button>}
            {parameters.zoom && <button type="button" onClick={() => setZoom(null, tree.total_us)}>Show all of the time</button>}
          </div>
          {(tree.moved > 0 || !clocks) && (
            <p class="faint small">
              {clocks ? `The times of ${plural(tree.moved, "call")} to other machines were moved, as their clocks differ.` : "Times as they were sent."}{" "}
              <button type="button" onClick={() => adjust({ clocks: clocks ? "sent" : "" })}>{clocks ? "Show as sent" : "Set clocks right"}</button>
            </p>
          )}
          {tree.nodes.length ? (
            <div class={`trace-body ${chosen ? "with-panel" : ""}`} ref={measure}>
              <div>
                <Minimap tree={tree} state={state} />
                <Waterfall tree={tree} rows={rows} state={shown} path={path} pick={pick} found={found} tall={tall - 100} />
              </div>
              {chosen && <SpanPanel key={chosen.key} node={chosen} trace={data} tree={tree} close={close} />}
            </div>
          ) : <p class="faint">Only errors and logs of it have come: see the other tabs.</p>}
        </>
      )}
    </>
  );
}

export function TraceView({ detail, parameters }: View) {
  const answer = useAsk<Trace>(detail ? `api/traces/${encodeURIComponent(detail)}` : null);
  if (answer.error?.status === 404)
    return (
      <Empty title="This trace is not here">
        <p>{isTraceId(detail) ? <>No event of <code>{detail}</code> is stored: it was not received, or it was forgotten by age or size.</> : <><code>{detail}</code> is no trace id: those have 32 hexadecimal digits.</>}</p>
        <p><a href={formatAddress("traces", { id: /^[0-9a-f]+$/i.test(detail) ? detail.toLowerCase() : "" })}>Traces that begin like that</a>. If it was sent to you as a file:</p>
        <Command text="azimuth hub import trace.ndjson" />
      </Empty>
    );
  return <Shown answer={answer}>{(data) => <Shape data={data} parameters={parameters} />}</Shown>;
}
