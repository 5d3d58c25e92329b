// Curves over time (uPlot). A range drawn with the mouse becomes the time of the page.
import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import { adjust } from "../address";
import { colour, useTheme } from "../theme";

const FEW = 60; // more need no dots: they touch each other

export interface Curve {
  label: string;
  colour: string; // a name of style/colours.css
  values: (number | null)[];
  bars?: boolean;
  dash?: boolean;
}

function seriesOf(curve: Curve, format: (value: number) => string): uPlot.Series {
  const line = colour(curve.colour);
  return {
    label: curve.label,
    stroke: line,
    fill: curve.bars ? line : undefined,
    width: curve.bars ? 0 : 1.8,
    dash: curve.dash ? [5, 4] : undefined,
    paths: curve.bars ? uPlot.paths.bars?.({ size: [0.8, 40], align: 1 }) : undefined,
    points: { show: !curve.bars && curve.values.filter((value) => value !== null).length < FEW, size: 5, fill: line },
    spanGaps: false,
    value: (_plot, value) => (value === null || value === undefined ? "–" : format(value)),
  };
}

// Steps in which nothing happened are gaps for lines and zero for bars.
export function inSteps<T extends { start_us: number }>(points: T[], since_us: number, until_us: number, bucket_us: number, pick: (point: T) => number | null, absent: number | null): { at: number[]; values: (number | null)[] } {
  const known = new Map(points.map((point) => [Math.floor(point.start_us / bucket_us), pick(point)]));
  const at: number[] = [], values: (number | null)[] = [];
  const first = Math.floor(since_us / bucket_us), last = Math.floor((until_us - 1) / bucket_us);
  for (let step = first; step <= last && at.length < 2000; step++) {
    at.push((step * bucket_us) / 1e6);
    values.push(known.has(step) ? (known.get(step) as number | null) : absent);
  }
  return { at, values };
}

export function Chart({ title, at, curves, format, height = 170 }: { title: string; at: number[]; curves: Curve[]; format: (value: number) => string; height?: number }) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  const data = useMemo(() => [at, ...curves.map((curve) => curve.values)] as uPlot.AlignedData, [at, curves]);
  useEffect(() => {
    const place = holder.current as HTMLDivElement;
    const axis = { stroke: colour("faint"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 }, font: "12px system-ui, sans-serif" };
    const made = new uPlot(
      {
        width: Math.max(200, place.clientWidth),
        height,
        series: [{ value: (_p, s) => (s ? new Date(s * 1000).toLocaleString() : "–") }, ...curves.map((curve) => seriesOf(curve, format))],
        axes: [axis, { ...axis, size: 72, values: (_p, ticks) => ticks.map((tick) => format(tick)) }],
        scales: { y: { range: (_p, _least, most) => [0, most > 0 ? most * 1.08 : 1] } },
        cursor: { drag: { x: true, y: false, setScale: false } },
        hooks: {
          setSelect: [
            (p) => {
              const from = p.posToVal(p.select.left, "x"), to = p.posToVal(p.select.left + p.select.width, "x");
              if (p.select.width > 8) adjust({ since: Math.floor(from * 1e6), until: Math.ceil(to * 1e6) });
            },
          ],
        },
      },
      data,
      place,
    );
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: Math.max(200, place.clientWidth), height }));
    watcher.observe(place);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [theme, curves.length, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={holder} role="img" aria-label={describe(title, curves, format)} />
    </figure>
  );
}

function describe(title: string, curves: Curve[], format: (value: number) => string): string {
  const parts = curves.map((curve) => {
    const most = curve.values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
    return `${curve.label}: at most ${format(most)}`;
  });
  return `${title}. ${parts.join("; ")}`;
}
