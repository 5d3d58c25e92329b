// The traces of a list as points: when they began, how long they took. Failed ones are crosses.
import { formatAddress, go } from "../address";
import { clock, day, duration } from "../format";
import type { TraceRow } from "../model";

const WIDE = 1000, TALL = 110, EDGE = 6;

export function Scatter({ traces }: { traces: TraceRow[] }) {
  const known = traces.filter((trace) => trace.duration_us !== undefined);
  if (known.length < 3) return null;
  const starts = known.map((trace) => trace.start_us), durations = known.map((trace) => Math.max(1, trace.duration_us || 1));
  const from = Math.min(...starts), to = Math.max(...starts), low = Math.log(Math.min(...durations)), high = Math.log(Math.max(...durations));
  const x = (us: number) => EDGE + ((us - from) / Math.max(1, to - from)) * (WIDE - 2 * EDGE);
  const y = (us: number) => TALL - EDGE - ((Math.log(Math.max(1, us)) - low) / Math.max(0.01, high - low)) * (TALL - 2 * EDGE);
  return (
    <figure class="chart scatter">
      <div class="scale-y faint" aria-hidden="true"><span>{duration(Math.exp(high))}</span><span>{duration(Math.exp(low))}</span></div>
      <div class="plot">
        <svg viewBox={`0 0 ${WIDE} ${TALL}`} preserveAspectRatio="none" role="img" aria-label={`${known.length} traces by start and duration; the table below lists them`}>
          {[0, 0.5, 1].map((part) => <line class="grid" x1={0} x2={WIDE} y1={EDGE + part * (TALL - 2 * EDGE)} y2={EDGE + part * (TALL - 2 * EDGE)} />)}
        </svg>
        {known.map((trace) => (
          <span key={trace.trace_id} class={`dot ${trace.outcome === "failure" || trace.errors ? "failed" : ""} ${trace.coldstart ? "cold" : ""}`} style={{ left: `${x(trace.start_us) / (WIDE / 100)}%`, top: `${y(trace.duration_us || 1) / (TALL / 100)}%` }}
            title={`${trace.name || trace.trace_id}\n${duration(trace.duration_us)}, ${clock(trace.start_us, true)}${trace.coldstart ? ", cold start" : ""}${trace.errors ? `, ${trace.errors} errors` : ""}`} onClick={() => go(formatAddress("trace", {}, trace.trace_id))} />
        ))}
      </div>
      <div class="scale" aria-hidden="true"><span>{[day(from), clock(from)].join(" ")}</span><span>{[day(to), clock(to)].join(" ")}</span></div>
    </figure>
  );
}
