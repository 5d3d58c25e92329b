// A row of bars, one for each step of the time; what failed stands out by colour and by a mark below.
import { count } from "../format";
import type { Point } from "../model";

const STEP = 3;
const TALL = 18;
const MOST_BARS = 120;

// Steps put together until they fit: [bar, count, failed].
export function barsOf(points: Point[], since_us: number, until_us: number, bucket_us: number): { bars: [number, number, number][]; places: number } {
  const steps = Math.max(1, Math.ceil((until_us - since_us) / bucket_us));
  const each = Math.ceil(steps / MOST_BARS);
  const bars = new Map<number, [number, number, number]>();
  for (const point of points) {
    const place = Math.floor((point.start_us - since_us) / bucket_us / each);
    if (place < 0) continue;
    const bar = bars.get(place) || [place, 0, 0];
    bar[1] += point.count;
    bar[2] += point.failed;
    bars.set(place, bar);
  }
  return { bars: [...bars.values()], places: Math.ceil(steps / each) };
}

export function Spark({ points, since_us, until_us, bucket_us }: { points: Point[]; since_us: number; until_us: number; bucket_us: number }) {
  const { bars, places } = barsOf(points || [], since_us, until_us, bucket_us);
  const most = Math.max(1, ...bars.map((bar) => bar[1]));
  const failed = bars.reduce((sum, bar) => sum + bar[2], 0);
  const total = bars.reduce((sum, bar) => sum + bar[1], 0);
  return (
    <svg class="spark" viewBox={`0 0 ${places * STEP} 22`} preserveAspectRatio="none" role="img" aria-label={`${count(total)} over this time, ${count(failed)} failed; at most ${count(most)} in one step`}>
      {bars.map(([place, all, bad]) => {
        const height = Math.max(1, (all / most) * TALL);
        const tall = Math.max(1.5, (bad / most) * TALL);
        return (
          <>
            <rect class="all" x={place * STEP} y={TALL - height} width={STEP * 0.8} height={height} />
            {bad > 0 && <rect class="failed" x={place * STEP} y={TALL - tall} width={STEP * 0.8} height={tall} />}
            {bad > 0 && <rect class="failed" x={place * STEP} y={20} width={STEP * 0.8} height={2} />}
          </>
        );
      })}
    </svg>
  );
}
