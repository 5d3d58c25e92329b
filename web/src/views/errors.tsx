// Errors in groups; one group with its stack and its occurrences.
import { formatAddress, timeOf } from "../address";
import { count } from "../format";
import { query, useAsk } from "../hub";
import type { ErrorDetail as Detail, Errors as Answer, Occurrence } from "../model";
import { Filter } from "../parts/filter";
import { Empty, Shown } from "../parts/say";
import { Spark } from "../parts/spark";
import { Exception } from "../parts/stack";
import { Table } from "../parts/table";
import { Ago, Moment } from "../parts/text";
import { Raw } from "../trace/fields";
import type { View } from "../view";
import { errorColumns, errorTitle } from "./columns";
import { More } from "./more";
import { spanOf } from "./time";

export function Errors({ parameters, live }: View) {
  const time = timeOf(parameters);
  const asked = { ...time, since: time.since || "24h", service: parameters.service, q: parameters.q, order: parameters.order, cursor: parameters.cursor, limit: 100 };
  const answer = useAsk<Answer>(query("api/errors", asked), live && !parameters.cursor);
  return (
    <>
      <Filter parameters={parameters} fields={[
        { name: "q", label: "In type or message", example: "timeout", wide: true },
        { name: "service", label: "Service", example: "any" },
        { name: "order", label: "Order", options: [["", "last seen"], ["count", "count"]] },
      ]} />
      <Shown answer={answer}>
        {(data) => data.errors.length ? (
          <>
            <Table caption="Error groups" items={data.errors} keyOf={(e) => e.group} to={(e) => formatAddress("errors", time, e.group)} columns={errorColumns(parameters, spanOf({ ...data, since: asked.since, until: time.until }))} />
            <More next={data.next} />
          </>
        ) : (
          <Empty title="No error is like that in this time">
            <p class="faint">Errors come from exceptions of functions, from agents, and from OpenTelemetry's exception events.</p>
          </Empty>
        )}
      </Shown>
    </>
  );
}

export function ErrorDetail({ parameters, live, detail: group }: View) {
  const time = timeOf(parameters);
  const since = time.since || "24h";
  const answer = useAsk<Detail>(query(`api/errors/${encodeURIComponent(group)}`, { ...time, cursor: parameters.cursor, limit: 50 }), live && !parameters.cursor);
  return (
    <Shown answer={answer}>
      {(data) => {
        const error = data.error;
        return (
          <>
            <h1>{errorTitle(error)}</h1>
            <p class="links">
              {error.culprit && <code>{error.culprit}</code>} {error.service && <a href={formatAddress("services", time, error.service)}>{error.service}</a>}
              <span>{count(error.count_ever)} times, first <Ago us={error.first_us} />, last <Ago us={error.last_us} /></span>
              <a href={formatAddress("traces", { group })}>All traces with it</a>
            </p>
            {error.series?.length > 0 && <Spark points={error.series} {...spanOf({ since, until: time.until, bucket_us: (data as unknown as { bucket_us?: number }).bucket_us || 6e7 })} />}
            <h2>The newest</h2>
            {data.sample ? <Exception error={data.sample} /> : <p class="faint">Its events are no longer stored.</p>}
            <h2>Occurrences</h2>
            <Table<Occurrence> caption="Occurrences" items={data.occurrences} keyOf={(o) => `${o.id}${o.at_us}`} to={(o) => (o.trace_id ? formatAddress("trace", { at: o.id, tab: "errors" }, o.trace_id) : null)}
              columns={[
                { title: "Time", cell: (o) => <Moment us={o.at_us} fine /> },
                { title: "Message", wide: true, cell: (o) => (o.trace_id ? <a href={formatAddress("trace", { at: o.id, tab: "errors" }, o.trace_id)}>{o.message || "(no message)"}</a> : o.message) },
                { title: "In", cell: (o) => o.transaction }, { title: "Service", cell: (o) => o.service },
              ]} />
            <More next={data.next} />
            {data.sample && <Raw value={data.sample} />}
          </>
        );
      }}
    </Shown>
  );
}
