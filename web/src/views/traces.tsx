// Search. No service has to be chosen first.
import { useEffect, useState } from "preact/hooks";
import { adjust, formatAddress, timeOf } from "../address";
import { ask, query, useAsk, type HubError } from "../hub";
import type { TraceRow, Traces as Answer } from "../model";
import { Filter, type Field } from "../parts/filter";
import { Empty, NothingYet, Shown, Trouble } from "../parts/say";
import { Scatter } from "../parts/scatter";
import { Table } from "../parts/table";
import type { View } from "../view";
import { traceColumns } from "./columns";

const PAGE = 100;
const FIELDS: Field[] = [
  { name: "q", label: "Words", example: "timeout orders*", wide: true },
  { name: "service", label: "Service", example: "any" },
  { name: "name", label: "Operation", example: "any" },
  { name: "outcome", label: "Outcome", options: [["", "any"], ["failure", "✗ failure"], ["success", "✓ success"], ["unknown", "unknown"]] },
  { name: "status", label: "HTTP status", example: "5xx" },
  { name: "min_duration", label: "At least", example: "250ms" },
  { name: "max_duration", label: "At most", example: "2s" },
  { name: "trigger", label: "Trigger", options: [["", "any"], ["http", "http"], ["timer", "timer"], ["pubsub", "pubsub"], ["datasource", "datasource"], ["other", "other"]] },
  { name: "attr", label: "Attribute", example: "tenant=blue" },
  { name: "coldstart", label: "Cold start", options: [["", "any"], ["true", "only"]] },
  { name: "order", label: "Order", options: [["", "newest"], ["slowest", "slowest"], ["fastest", "fastest"]] },
];
const NAMES = [...FIELDS.map((field) => field.name), "function", "type", "group", "since", "until"];

function conditionsOf(parameters: View["parameters"]): { [name: string]: string } {
  const out: { [name: string]: string } = {};
  for (const name of NAMES) if (parameters[name]) out[name] = parameters[name] as string;
  return out;
}

// Pages after the first, by their cursors.
function useMore(path: string, first: Answer | null) {
  const [more, setMore] = useState<{ path: string; rows: TraceRow[]; next: string | null; partial: boolean } | null>(null);
  const [error, setError] = useState<HubError | null>(null);
  useEffect(() => {
    setMore(null);
    setError(null);
  }, [path]);
  const next = more ? more.next : first?.next || null;
  const load = () =>
    ask<Answer>(`${path}&cursor=${encodeURIComponent(next || "")}`).then(
      (answer) => setMore((old) => ({ path, rows: [...(old?.rows || []), ...answer.traces], next: answer.next, partial: answer.partial })),
      setError,
    );
  return { rows: more?.rows || [], next, partial: more ? more.partial : first?.partial || false, load, error };
}

function Found({ path, parameters, live }: { path: string; parameters: View["parameters"]; live: boolean }) {
  const [held, hold] = useState<Answer | null>(null); // what is being read: new ones wait for a click
  const answer = useAsk<Answer>(path, live);
  useEffect(() => hold(null), [path]);
  const newest = answer.data;
  useEffect(() => {
    if (newest && (!held || window.scrollY < 40)) hold(newest);
  }, [newest]);
  const shown = held || newest;
  const more = useMore(path, shown);
  const ids = new Set((shown?.traces || []).map((trace) => trace.trace_id));
  const fresh = newest && held && newest !== held ? newest.traces.filter((trace) => !ids.has(trace.trace_id)).length : 0;
  return (
    <Shown answer={{ ...answer, data: shown }}>
      {(data) => {
        const rows = [...data.traces, ...more.rows];
        if (!rows.length && !more.next) return <NoTraces parameters={parameters} />;
        return (
          <>
            {fresh > 0 && <button type="button" class="fresh" onClick={() => { hold(newest); window.scrollTo(0, 0); }}>{fresh} new: show</button>}
            <Scatter traces={rows} />
            <Table caption="Traces" items={rows} keyOf={(t) => t.trace_id} to={(t) => formatAddress("trace", {}, t.trace_id)} columns={traceColumns()} />
            {more.error && <Trouble error={more.error} again={more.load} />}
            <p class="links">
              {more.partial && <span class="faint">Only a part was looked at, as no index fits these conditions. </span>}
              {more.next ? <button type="button" onClick={more.load}>{more.partial ? "Look further" : "More"}</button> : <span class="faint">That is all.</span>}
            </p>
          </>
        );
      }}
    </Shown>
  );
}

function NoTraces({ parameters }: { parameters: View["parameters"] }) {
  const any = NAMES.some((name) => parameters[name]);
  if (any)
    return (
      <Empty title="No trace is like that">
        <p>All conditions but the time must hold for one and the same event of a trace. <a href={formatAddress("traces")}>Without conditions</a>{timeOf(parameters).since && <> or <button type="button" onClick={() => adjust({ since: "", until: "" })}>at any time</button></>}</p>
      </Empty>
    );
  return <NothingYet />;
}

export function Traces({ parameters, live }: View) {
  const conditions = conditionsOf(parameters);
  return (
    <>
      <Filter fields={FIELDS} parameters={parameters} />
      {parameters.group && <p class="links">Traces with one error. <a href={formatAddress("errors", {}, parameters.group)}>The error</a></p>}
      <Found path={query("api/traces", { limit: PAGE, ...conditions })} parameters={parameters} live={live} />
    </>
  );
}
