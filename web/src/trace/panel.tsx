// All about one span: timing, outcome, errors, logs, fields, the process it came from.
import { formatAddress } from "../address";
import { duration, share } from "../format";
import { query, useAsk } from "../hub";
import type { Series, Trace, TraceEvent } from "../model";
import { Exception, object } from "../parts/stack";
import { Chip, ColdChip, Copy, Duration, Moment, OutcomeMark } from "../parts/text";
import { Level } from "../views/logs";
import { selfTime } from "./critical";
import { Fields, groupsOf, Raw } from "./fields";
import { type Node, type Tree } from "./tree";
import { titleOf } from "./waterfall";

// How many of its operation took less, in the last day.
function Percentile({ event }: { event: TraceEvent }) {
  const answer = useAsk<Series>(event.kind === "transaction" && event.name ? query("api/series", { service: event.service, name: event.name, since: "24h" }) : null);
  const bars = answer.data?.histogram || [];
  const total = bars.reduce((sum, bar) => sum + bar.count, 0);
  if (total < 20 || event.duration_us === undefined) return null;
  const less = bars.reduce((sum, bar) => sum + (bar.to_us <= (event.duration_us as number) ? bar.count : 0), 0);
  return <span class="faint">slower than {share(less / total)} of the last day's {total.toLocaleString()}</span>;
}

function Timing({ node }: { node: Node }) {
  const event = node.event as TraceEvent, composite = object(event.event.composite);
  return (
    <dl class="facts">
      <dt>Outcome</dt>
      <dd><OutcomeMark outcome={event.outcome} /> {String(event.event.result ?? "")} {event.coldstart && <ColdChip />}</dd>
      <dt>Duration</dt>
      <dd><Duration us={event.duration_us} /> {node.children.length > 0 && <span class="faint">(itself {duration(selfTime(node))})</span>} <Percentile event={event} /></dd>
      <dt>Started</dt>
      <dd><Moment us={event.start_us} fine /> <span class="faint">+{duration(node.start_us)}{node.moved_us ? `, moved by ${duration(Math.abs(node.moved_us))} as its clock differs` : ""}</span></dd>
      <dt>Service</dt>
      <dd>{event.service && <a href={formatAddress("services", {}, event.service)}>{event.service}</a>}</dd>
      {event.kind === "transaction" && event.name && <><dt>Operation</dt><dd><a href={formatAddress("operation", { service: event.service, name: event.name })}>{event.name}</a></dd></>}
      {composite.count ? <><dt>Composite</dt><dd>{String(composite.count)} calls in a row, {duration(Number(composite.sum) * 1000)} in all</dd></> : null}
      <dt>Id</dt>
      <dd><code>{event.id}</code><Copy text={event.id || ""} /></dd>
      {event.parent_id && <><dt>Parent</dt><dd><code>{event.parent_id}</code>{node.missing ? <span class="faint"> was not received</span> : null}<Copy text={event.parent_id} /></dd></>}
    </dl>
  );
}

export function LogLines({ lines, tree, mark }: { lines: TraceEvent[]; tree: Tree; mark?: string }) {
  if (!lines.length) return <p class="faint">No log lines.</p>;
  return (
    <ol class="lines">
      {lines.map((line) => (
        <li class={mark && (line.parent_id === mark || line.transaction_id === mark) ? "marked" : ""}>
          <span class="faint when">+{duration(Math.max(0, line.start_us - tree.from_us))}</span> <Level level={line.level} /> <span class="line-text">{line.message || "(nothing)"}</span>
        </li>
      ))}
    </ol>
  );
}

export function SpanPanel({ node, trace, tree, close }: { node: Node; trace: Trace; tree: Tree; close: () => void }) {
  const event = node.event;
  return (
    <aside class="panel" aria-label="Span">
      <header>
        <h3>{event ? titleOf(node) : "A span that was not received"}</h3>
        <button type="button" class="plain" onClick={close} aria-label="Close the panel" title="Close (Esc)">✕</button>
      </header>
      {!event && <p>Its id is <code>{node.missing}</code>: what is below names it as parent, but nobody sent it. Its sender may have crashed, may not be traced, or may sample differently.</p>}
      {event && (
        <>
          <p class="links"><Chip>{event.kind}</Chip>{event.type && <Chip>{[event.type, event.event.subtype].filter(Boolean).join(" / ")}</Chip>}</p>
          <Timing node={node} />
          {node.errors.map((error) => <section><h4 class="bad">✗ Error</h4><Exception error={error.event} /></section>)}
          {node.logs.length > 0 && <section><h4>Logs</h4><LogLines lines={node.logs} tree={tree} /></section>}
          <Fields groups={groupsOf(event.event)} />
          {node.host && <section><h4>The same call, told by the Functions host</h4><Fields groups={groupsOf(node.host.event)} /><Raw value={node.host.event} /></section>}
          <details><summary>The process it came from</summary><Fields groups={groupsOf(trace.resources[String(event.resource)] || {})} /></details>
          <Raw value={event.event} />
        </>
      )}
    </aside>
  );
}
