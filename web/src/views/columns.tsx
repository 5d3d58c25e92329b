// Columns that several tables share.
import { formatAddress, timeOf, type Parameters } from "../address";
import { count, plural } from "../format";
import type { ErrorGroup, Operation, Point, Span, Sums, TraceRow } from "../model";
import { Spark } from "../parts/spark";
import type { Column } from "../parts/table";
import { Ago, Chip, ColdChip, Duration, Failed, Moment, OutcomeMark } from "../parts/text";

export function sumColumns<T extends Sums & { last_us?: number | null }>(): Column<T>[] {
  return [
    { title: "Rate / min", number: true, by: (o) => o.per_minute, cell: (o) => <span title={`${o.requests} in this time`}>{count(o.per_minute)}</span> },
    { title: "Failed", number: true, by: (o) => o.failed_ratio, cell: (o) => <Failed ratio={o.failed_ratio} />, hint: "failure / (failure + success)" },
    { title: "p50", number: true, minor: true, by: (o) => o.p50_us, cell: (o) => <Duration us={o.p50_us} /> },
    { title: "p95", number: true, by: (o) => o.p95_us, cell: (o) => <Duration us={o.p95_us} /> },
    { title: "p99", number: true, minor: true, by: (o) => o.p99_us, cell: (o) => <Duration us={o.p99_us} /> },
    { title: "Last", by: (o) => o.last_us, cell: (o) => <Ago us={o.last_us} /> },
  ];
}

export function sparkColumn<T extends { series: Point[] }>(span: Span): Column<T> {
  return { title: "Over time", minor: true, cell: (o) => <Spark points={o.series} {...span} /> };
}

export function impactColumn(): Column<Operation> {
  return {
    title: "Impact", minor: true, hint: "average duration × rate, scaled within this table", by: (o) => o.impact,
    cell: (o) => <meter class="impact" min={0} max={1} value={o.impact} aria-label={`impact ${Math.round(o.impact * 100)} of 100`} />,
  };
}

export function operationAddress(o: { service: string; name: string }, parameters: Parameters): string {
  return formatAddress("operation", { service: o.service, name: o.name, ...timeOf(parameters) });
}

export function Services({ trace }: { trace: TraceRow }) {
  return (
    <>
      {(trace.services || []).map((part) => (
        <Chip kind={part.failed ? "bad" : ""} title={`${plural(part.events, "event")} of ${part.service}${part.failed ? `, ${part.failed} failed` : ""}`}>
          {part.service} {part.events}
          {part.failed ? ` ✗ ${part.failed}` : ""}
        </Chip>
      ))}
    </>
  );
}

export function traceColumns(): Column<TraceRow>[] {
  return [
    { title: "Started", cell: (t) => <Moment us={t.start_us} fine /> },
    {
      title: "Name", wide: true,
      cell: (t) => (
        <>
          <a href={formatAddress("trace", {}, t.trace_id)}>{t.name || (t.service ? "(no name)" : "(its transaction has not come yet)")}</a>
          {t.coldstart && <ColdChip />}
          {t.trigger && t.trigger !== "http" && <Chip>{t.trigger}</Chip>}
        </>
      ),
    },
    { title: "Outcome", cell: (t) => <><OutcomeMark outcome={t.outcome} words={false} /> {t.result}</> },
    {
      title: "Duration", number: true,
      cell: (t) => <Duration us={t.duration_us} />,
    },
    { title: "Services", minor: true, cell: (t) => <Services trace={t} /> },
    { title: "Spans", number: true, minor: true, cell: (t) => t.spans },
    { title: "Errors", number: true, cell: (t) => (t.errors ? <span class="bad">✗ {t.errors}</span> : 0) },
    { title: "Logs", number: true, minor: true, cell: (t) => t.logs },
  ];
}

export function errorTitle(error: { type?: string; message?: string }): string {
  return [error.type, error.message].filter(Boolean).join(": ") || "error";
}

export function errorColumns(parameters: Parameters, span: Span): Column<ErrorGroup>[] {
  return [
    {
      title: "Error", wide: true, by: (e) => errorTitle(e),
      cell: (e) => (
        <>
          <a href={formatAddress("errors", timeOf(parameters), e.group)}>{errorTitle(e)}</a>
          {e.culprit && <div class="faint small">{e.culprit}</div>}
        </>
      ),
    },
    { title: "Service", cell: (e) => e.service, by: (e) => e.service },
    sparkColumn<ErrorGroup>(span),
    { title: "Count", number: true, by: (e) => e.count, cell: (e) => <span title={`${e.count_ever} since the first`}>{count(e.count)}</span> },
    { title: "First", minor: true, by: (e) => e.first_us, cell: (e) => <Ago us={e.first_us} /> },
    { title: "Last", by: (e) => e.last_us, cell: (e) => <Ago us={e.last_us} /> },
  ];
}

export const identify = (o: { service: string; environment?: string; name?: string }) => [o.service, o.environment, o.name].join("\n");
