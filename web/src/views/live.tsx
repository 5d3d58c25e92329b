// Traces as they come. Nothing moves while it is read: the list can be held.
import { useEffect, useRef, useState } from "preact/hooks";
import { formatAddress } from "../address";
import { plural } from "../format";
import { follow, query, type HubError } from "../hub";
import type { TraceRow } from "../model";
import { Filter } from "../parts/filter";
import { Command, Trouble } from "../parts/say";
import { Table } from "../parts/table";
import type { View } from "../view";
import { traceColumns } from "./columns";

const KEPT = 200;
const AGAIN_MS = 2000;

export function Live({ parameters }: View) {
  const [rows, setRows] = useState<TraceRow[]>([]);
  const [skipped, setSkipped] = useState(0);
  const [state, setState] = useState<"connecting" | "open" | "lost">("connecting");
  const [error, setError] = useState<HubError | null>(null);
  const [held, hold] = useState(false);
  const [round, setRound] = useState(0);
  const waiting = useRef<TraceRow[]>([]);
  const last = useRef("");
  const path = query("api/live", { service: parameters.service });

  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const heard = (event: string, data: string, id: string) => {
      if (id) last.current = id;
      if (event === "skipped") setSkipped((n) => n + ((JSON.parse(data) as { count: number }).count || 0));
      if (event === "trace") waiting.current.push(JSON.parse(data) as TraceRow);
    };
    const lost = (cause?: HubError) => {
      if (stop.signal.aborted) return;
      setState("lost");
      if (cause && cause.status) setError(cause);
      else timer = window.setTimeout(() => setRound((n) => n + 1), AGAIN_MS);
    };
    setError(null);
    setState("open");
    follow(path, stop.signal, heard, last.current).then(() => lost(), lost);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, round]);
  useEffect(() => {
    setRows([]);
    waiting.current = [];
    last.current = "";
  }, [path]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (held || !waiting.current.length) return;
      const fresh = waiting.current.splice(0).reverse();
      setRows((old) => [...fresh, ...old].slice(0, KEPT));
    }, 250);
    return () => clearInterval(timer);
  }, [held]);

  return (
    <>
      <Filter parameters={parameters} fields={[{ name: "service", label: "Service", example: "any" }]} />
      <p class="links">
        <span role="status">{state === "open" ? <span class="good">● listening</span> : <span class="bad">○ the hub does not answer; trying again</span>}</span>
        <button type="button" aria-pressed={held} onClick={() => hold(!held)}>{held ? "Go on" : "Hold"}</button>
        <button type="button" onClick={() => setRows([])}>Clear</button>
        {held && waiting.current.length > 0 && <span>{plural(waiting.current.length, "trace")} wait</span>}
        {skipped > 0 && <span class="faint">{plural(skipped, "trace")} came faster than 50 a second and are in the list of traces only</span>}
      </p>
      {error && <Trouble error={error} again={() => setRound((n) => n + 1)} />}
      {rows.length ? (
        <Table caption="Traces as they come" items={rows} keyOf={(t) => t.trace_id} to={(t) => formatAddress("trace", {}, t.trace_id)} columns={traceColumns()} />
      ) : (
        <section class="empty">
          <h2>Waiting for the next trace</h2>
          <p>Call a function of yours, or start an app with:</p>
          <Command text="azimuth run -- func start" />
        </section>
      )}
    </>
  );
}
