// How everything is: numbers of all services, what weighs most, what failed last.
import { formatAddress, timeOf } from "../address";
import { bytes, count, duration, share } from "../format";
import { query, useAsk } from "../hub";
import type { Errors, Operations, Series, Services, Status } from "../model";
import { Chart, inSteps } from "../parts/chart";
import { NothingYet, Shown } from "../parts/say";
import { Table } from "../parts/table";
import type { View } from "../view";
import { errorColumns, identify, impactColumn, operationAddress, sumColumns } from "./columns";

function Tile({ label, value, bad, to }: { label: string; value: string; bad?: boolean; to?: string }) {
  const inside = (
    <>
      <span class="tile-value">{value}</span>
      <span class="tile-label">{label}</span>
    </>
  );
  return to ? <a class={`tile ${bad ? "bad" : ""}`} href={to}>{inside}</a> : <div class={`tile ${bad ? "bad" : ""}`}>{inside}</div>;
}

function Numbers({ services, operations, status, time }: { services: Services; operations: Operations | null; status: Status | null; time: { [name: string]: string } }) {
  const requests = services.services.reduce((sum, s) => sum + s.requests, 0);
  const failed = services.services.reduce((sum, s) => sum + (s.failed_ratio || 0) * s.requests, 0);
  const errors = services.services.reduce((sum, s) => sum + s.errors, 0);
  const cold = (operations?.operations || []).reduce((sum, o) => sum + (o.cold?.count || 0), 0);
  const minutes = Math.max(1, (services.until_us - services.since_us) / 6e7);
  return (
    <div class="tiles">
      <Tile label="services" value={count(services.services.length)} to={formatAddress("services", time)} />
      <Tile label="requests / min" value={count(requests / minutes)} to={formatAddress("traces", time)} />
      <Tile label="failed" value={requests ? share(failed / requests) : "–"} bad={failed > 0} to={formatAddress("traces", { ...time, outcome: "failure" })} />
      <Tile label="errors" value={count(errors)} bad={errors > 0} to={formatAddress("errors", time)} />
      <Tile label="cold starts" value={operations ? count(cold) : "–"} to={formatAddress("coldstarts", time)} />
      {status && <Tile label={`stored of ${status.store.max_bytes ? bytes(status.store.max_bytes) : "any size"}`} value={bytes(status.store.bytes)} to={formatAddress("usage", {})} />}
    </div>
  );
}

export function Curves({ path, live }: { path: string; live: boolean }) {
  const answer = useAsk<Series>(path, live);
  return (
    <Shown answer={answer}>
      {(series) => {
        const points = series.points;
        const first = series.since_us ?? points[0]?.start_us ?? 0;
        const last = series.until_us ?? (points[points.length - 1]?.start_us ?? 0) + series.bucket_us;
        if (!points.length) return null;
        const steps = (pick: (point: (typeof points)[0]) => number | null, absent: number | null) => inSteps(points, first, last, series.bucket_us, pick, absent);
        const minutes = series.bucket_us / 6e7;
        const rate = steps((p) => p.count / minutes, 0), failed = steps((p) => p.failed / minutes, 0);
        const p50 = steps((p) => p.p50_us, null), p95 = steps((p) => p.p95_us, null), p99 = steps((p) => p.p99_us, null);
        return (
          <div class="pair">
            <Chart title="Requests per minute" at={rate.at} format={count} curves={[{ label: "all", colour: "bar", values: rate.values, bars: true }, { label: "failed", colour: "bar-bad", values: failed.values, bars: true }]} />
            <Chart title="Latency" at={p50.at} format={duration} curves={[{ label: "p50", colour: "curve-1", values: p50.values }, { label: "p95", colour: "curve-2", values: p95.values }, { label: "p99", colour: "curve-3", values: p99.values, dash: true }]} />
          </div>
        );
      }}
    </Shown>
  );
}

export function Overview({ parameters, live, status }: View) {
  const time = timeOf(parameters);
  const services = useAsk<Services>(query("api/services", time), live);
  const operations = useAsk<Operations>(query("api/operations", time), live);
  const errors = useAsk<Errors>(query("api/errors", { ...time, since: time.since || "1h", limit: 5 }), live);
  return (
    <Shown answer={services}>
      {(data) => {
        if (!data.services.some((s) => s.requests > 0)) return <NothingYet what="requests" />;
        const heavy = [...(operations.data?.operations || [])].sort((a, b) => b.impact - a.impact).slice(0, 8);
        return (
          <>
            <Numbers services={data} operations={operations.data} status={status} time={time} />
            <Curves path={query("api/series", time)} live={live} />
            <h2>What weighs most</h2>
            <Table caption="Operations with the most impact" items={heavy} keyOf={identify} to={(o) => operationAddress(o, parameters)}
              columns={[{ title: "Operation", wide: true, cell: (o) => <><a href={operationAddress(o, parameters)}>{o.name}</a> <span class="faint">{o.service}</span></> }, impactColumn(), ...sumColumns<(typeof heavy)[0]>()]} />
            <h2>Newest errors</h2>
            <Shown answer={errors}>
              {(found) => found.errors.length ? (
                <Table caption="Newest errors" items={found.errors} keyOf={(e) => e.group} to={(e) => formatAddress("errors", time, e.group)} columns={errorColumns(parameters, { ...data, bucket_us: found.bucket_us })} />
              ) : <p class="good">✓ No error in this time.</p>}
            </Shown>
          </>
        );
      }}
    </Shown>
  );
}
