// One operation: its curves, how its durations spread, what its cold starts cost, and its traces.
import { adjust, formatAddress, timeOf } from "../address";
import { count, durationParameter, share } from "../format";
import { query, useAsk } from "../hub";
import type { Operations, Series, Traces } from "../model";
import { Histogram } from "../parts/histogram";
import { Empty, Shown } from "../parts/say";
import { Table } from "../parts/table";
import { Chip, Duration, Failed } from "../parts/text";
import type { View } from "../view";
import { traceColumns } from "./columns";
import { LastError } from "./functions";
import { Curves } from "./overview";

function Durations({ path, parameters }: { path: string; parameters: View["parameters"] }) {
  const answer = useAsk<Series>(path);
  return (
    <Shown answer={answer}>
      {(series) => (
        <>
          <h2>Durations</h2>
          <Histogram bars={series.histogram} choose={(from, to) => adjust({ min_duration: durationParameter(from), max_duration: durationParameter(to) })} />
          <p class="faint small">
            Drag over the bars to see the traces of that range below.{" "}
            {(parameters.min_duration || parameters.max_duration) && (
              <button type="button" onClick={() => adjust({ min_duration: "", max_duration: "" })}>
                {parameters.min_duration || "0"} to {parameters.max_duration || "any"}: show all again
              </button>
            )}
          </p>
        </>
      )}
    </Shown>
  );
}

export function OperationDetail({ parameters, live }: View) {
  const time = timeOf(parameters);
  const one = { service: parameters.service, name: parameters.name };
  const asked = { ...time, ...one };
  const operations = useAsk<Operations>(query("api/operations", asked), live);
  const order = parameters.order || "slowest";
  const traces = useAsk<Traces>(query("api/traces", { ...asked, since: time.since || "1h", order, limit: 25, min_duration: parameters.min_duration, max_duration: parameters.max_duration }), live);
  return (
    <>
      <h1>{parameters.name}</h1>
      <Shown answer={operations}>
        {(data) => {
          const o = data.operations[0];
          if (!o) return <Empty title="It did not run in this time" />;
          return (
            <>
              <p>
                <a href={formatAddress("services", time, o.service)}>{o.service}</a> {(o.trigger || o.type) && <Chip>{o.trigger || o.type}</Chip>} {count(o.requests)} times, <Failed ratio={o.failed_ratio} /> failed, p95 <Duration us={o.p95_us} />
              </p>
              {o.last_error && <p>Last error: <LastError operation={o} time={time} /></p>}
              {o.cold && o.cold.count > 0 && (
                <p>
                  Cold starts: {count(o.cold.count)} ({share(o.cold.ratio)}), on average <Duration us={o.cold.avg_us} /> instead of <Duration us={o.warm?.avg_us} />. <a href={formatAddress("traces", { ...asked, coldstart: "true" })}>Their traces</a>
                </p>
              )}
            </>
          );
        }}
      </Shown>
      <Curves path={query("api/series", asked)} live={live} />
      <Durations path={query("api/series", asked)} parameters={parameters} />
      <h2>Its traces</h2>
      <p class="links" role="group" aria-label="Order">
        {["slowest", "newest", "fastest"].map((each) => (
          <button type="button" aria-pressed={order === each} onClick={() => adjust({ order: each })}>{each}</button>
        ))}
        <a href={formatAddress("traces", { ...asked, order })}>Search in them</a> <a href={formatAddress("traces", { ...asked, outcome: "failure" })}>Only failed</a>
      </p>
      <Shown answer={traces}>
        {(data) => data.traces.length ? (
          <Table caption="Traces of this operation" items={data.traces} keyOf={(t) => t.trace_id} to={(t) => formatAddress("trace", {}, t.trace_id)} columns={traceColumns()} />
        ) : <p class="faint">{data.partial ? "None found among those looked at." : "None in this time."}</p>}
      </Shown>
    </>
  );
}
