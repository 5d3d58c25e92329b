// Numbers and times as people read them. The raw value stands beside, in a title.

export function duration(us: number | null | undefined): string {
  if (us === undefined || us === null) return "–";
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${(us / 1000).toFixed(us < 1e4 ? 2 : us < 1e5 ? 1 : 0)} ms`;
  if (us < 6e7) return `${(us / 1e6).toFixed(2)} s`;
  const [great, small, units] = us < 3.6e9 ? [6e7, 1e6, ["min", "s"]] : us < 1.728e11 ? [3.6e9, 6e7, ["h", "min"]] : [8.64e10, 3.6e9, ["d", "h"]];
  const rest = Math.floor((us % great) / small);
  return `${Math.floor(us / great)} ${units[0]}${rest ? ` ${rest} ${units[1]}` : ""}`;
}

// A duration as a query takes it: "250ms" stays, numbers are microseconds.
export function durationParameter(us: number): string {
  return us >= 1000 ? `${Number((us / 1000).toPrecision(4))}ms` : `${Math.round(us)}us`;
}

export function count(value: number | null | undefined): string {
  if (value === undefined || value === null) return "–";
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(0)} k`;
  return Number(value.toFixed(value < 10 && !Number.isInteger(value) ? 2 : 0)).toLocaleString();
}

export function share(ratio: number | null | undefined): string {
  if (ratio === undefined || ratio === null) return "–";
  if (ratio === 0) return "0 %";
  if (ratio < 0.001) return "< 0.1 %";
  return `${(ratio * 100).toFixed(ratio < 0.1 ? 1 : 0)} %`;
}

export function bytes(value: number | null | undefined): string {
  if (value === undefined || value === null) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

export function clock(us: number, fine = false): string {
  const date = new Date(us / 1000);
  const text = date.toLocaleTimeString(undefined, { hour12: false });
  return fine ? `${text}.${String(Math.floor((us % 1e6) / 1000)).padStart(3, "0")}` : text;
}

export function day(us: number): string {
  const date = new Date(us / 1000);
  return date.toDateString() === new Date().toDateString() ? "" : date.toLocaleDateString();
}

// Microseconds too: JavaScript's own form ends at milliseconds.
export function utc(us: number): string {
  return new Date(us / 1000).toISOString().replace(/\.\d+Z$/, `.${String(Math.floor(us % 1e6)).padStart(6, "0")}Z`);
}

export function ago(us: number, now_us: number): string {
  const s = Math.max(0, (now_us - us) / 1e6);
  if (s < 60) return `${Math.floor(s)} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86400)} d ago`;
}

export function now(): number {
  return Date.now() * 1000;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
