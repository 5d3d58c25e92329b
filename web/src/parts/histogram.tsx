// How long things took: bars by duration, on a logarithmic scale as the hub's buckets are. Dragging chooses a range.
import { useRef, useState } from "preact/hooks";
import { count, duration } from "../format";
import type { Bar } from "../model";

const WIDE = 600, TALL = 90;

export function Histogram({ bars, marks = [], choose }: { bars: Bar[]; marks?: { us: number; label: string }[]; choose?: (from_us: number, to_us: number) => void }) {
  const svg = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const first = bars[0], last = bars[bars.length - 1];
  if (!first || !last) return <p class="faint">No durations in this time.</p>;
  const low = Math.log(Math.max(first.from_us, 1)), high = Math.log(Math.max(last.to_us, 2));
  const place = (us: number) => ((Math.log(Math.max(us, 1)) - low) / Math.max(high - low, 1e-9)) * WIDE;
  const most = Math.max(...bars.map((bar) => bar.count));
  const at = (event: PointerEvent) => {
    const box = (svg.current as SVGSVGElement).getBoundingClientRect();
    return Math.min(WIDE, Math.max(0, ((event.clientX - box.left) / box.width) * WIDE));
  };
  const value = (x: number) => Math.exp(low + (x / WIDE) * (high - low));
  const end = () => {
    if (drag && Math.abs(drag[1] - drag[0]) > 4) choose?.(value(Math.min(...drag)), value(Math.max(...drag)));
    setDrag(null);
  };
  return (
    <figure class="chart">
      <svg ref={svg} class="histogram" viewBox={`0 0 ${WIDE} ${TALL + 18}`} preserveAspectRatio="none" role="img" aria-label={`Durations from ${duration(first.from_us)} to ${duration(last.to_us)}`}
        onPointerDown={(event) => {
          if (!choose) return;
          (event.currentTarget as Element).setPointerCapture(event.pointerId);
          setDrag([at(event), at(event)]);
        }}
        onPointerMove={(event) => drag && setDrag([drag[0], at(event)])} onPointerUp={end} onPointerCancel={() => setDrag(null)}>
        {bars.map((bar) => (
          <rect class="all" x={place(bar.from_us)} width={Math.max(1, place(bar.to_us) - place(bar.from_us) - 0.6)} y={TALL - (bar.count / most) * TALL} height={(bar.count / most) * TALL}>
            <title>{`${duration(bar.from_us)} to ${duration(bar.to_us)}: ${count(bar.count)}`}</title>
          </rect>
        ))}
        {marks.map((mark) => (
          <line class="mark" x1={place(mark.us)} x2={place(mark.us)} y1={0} y2={TALL} />
        ))}
        {drag && <rect class="chosen" x={Math.min(...drag)} width={Math.abs(drag[1] - drag[0])} y={0} height={TALL} />}
      </svg>
      <div class="scale" aria-hidden="true">
        <span>{duration(first.from_us)}</span>
        {marks.map((mark) => (
          <span>{`${mark.label} ${duration(mark.us)}`}</span>
        ))}
        <span>{duration(last.to_us)}</span>
      </div>
    </figure>
  );
}
