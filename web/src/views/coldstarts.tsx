// What cold starts cost: how many, how much longer than warm ones, and which functions pay.
import { formatAddress, timeOf } from "../address";
import { count, duration, share } from "../format";
import { query, useAsk } from "../hub";
import type { Operation, Operations, Series, Traces } from "../model";
import { Chart, inSteps } from "../parts/chart";
import { Empty, Shown } from "../parts/say";
import { Table } from "../parts/table";
import { Duration } from "../parts/text";
import type { View } from "../view";
import { identify, operationAddress, traceColumns } from "./columns";
import { spanOf } from "./time";

function lost(o: Operation): number {
  return o.cold?.count && o.cold.avg_us && o.warm?.avg_us ? Math.max(0, o.cold.avg_us - o.warm.avg_us) * o.cold.count : 0;
}

function Compare({ operation, longest }: { operation: Operation; longest: number }) {
  const bar = (us: number | null | undefined, kind: string) => (
    <span class="compare-line">
      <span class={`compare ${kind}`} style={{ width: `${us && longest ? Math.max(1, (us / longest) * 100) : 0}%` }} /> {kind} {duration(us)}
    </span>
  );
  return <span>{bar(operation.cold?.avg_us, "cold")}{bar(operation.warm?.avg_us, "warm")}</span>;
}

export function ColdStarts({ parameters, live }: View) {
  const time = timeOf(parameters);
  const answer = useAsk<Operations>(query("api/operations", time), live);
  const series = useAsk<Series>(query("api/series", time), live);
  const traces = useAsk<Traces>(query("api/traces", { ...time, since: time.since || "1h", coldstart: true, order: "slowest", limit: 20 }), live);
  return (
    <Shown answer={answer}>
      {(data) => {
        const cold = data.operations.filter((o) => o.cold && o.cold.count > 0);
        if (!cold.length)
          return (
            <Empty title="No cold start in this time">
              <p class="faint">The first invocation after an app's start is a cold one. Where a trigger is slow to come, look at a longer time.</p>
            </Empty>
          );
        const starts = cold.reduce((sum, o) => sum + (o.cold?.count || 0), 0), runs = data.operations.reduce((sum, o) => sum + (o.cold ? o.requests : 0), 0);
        const longest = Math.max(...cold.map((o) => Math.max(o.cold?.avg_us || 0, o.warm?.avg_us || 0)));
        const sent = series.data;
        const span = sent ? spanOf({ since_us: data.since_us, until_us: data.until_us, bucket_us: sent.bucket_us }) : null;
        const steps = sent && span ? inSteps(sent.points, span.since_us, span.until_us, span.bucket_us, (p) => p.cold, 0) : null;
        return (
          <>
            <p class="lead">{count(starts)} cold starts, {share(runs ? starts / runs : null)} of the invocations of functions. They cost {duration(cold.reduce((sum, o) => sum + lost(o), 0))} more than warm ones would have.</p>
            {steps && <Chart title="Cold starts" at={steps.at} format={count} height={140} curves={[{ label: "cold starts", colour: "cold", values: steps.values, bars: true }]} />}
            <Table caption="Functions with cold starts" items={cold} keyOf={identify} to={(o) => operationAddress(o, parameters)} order={{ column: 3, rising: false }}
              columns={[
                { title: "Function", wide: true, by: (o) => o.name, cell: (o) => <><a href={operationAddress(o, parameters)}>{o.name}</a><div class="faint small">{o.service}</div></> },
                { title: "Cold starts", number: true, by: (o) => o.cold?.count, cell: (o) => `${count(o.cold?.count)} (${share(o.cold?.ratio)})` },
                { title: "On average", cell: (o) => <Compare operation={o} longest={longest} /> },
                { title: "Time lost", number: true, by: lost, hint: "(cold − warm) × cold starts", cell: (o) => <Duration us={lost(o)} /> },
                { title: "Cold p95", number: true, by: (o) => o.cold?.p95_us, cell: (o) => <Duration us={o.cold?.p95_us} /> },
              ]} />
            <p class="faint small">A start counts for the function that was first: in an app with several, it takes the blame for all.</p>
            <h2>The slowest</h2>
            <Shown answer={traces}>
              {(found) => <Table caption="Slowest cold starts" items={found.traces} keyOf={(t) => t.trace_id} to={(t) => formatAddress("trace", {}, t.trace_id)} columns={traceColumns()} />}
            </Shown>
          </>
        );
      }}
    </Shown>
  );
}
