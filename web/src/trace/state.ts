// What of a trace is shown: all of it stands in the address.
import { adjust, type Parameters } from "../address";
import type { Tree } from "./tree";

export interface Zoom {
  from_us: number; // relative to the trace
  to_us: number;
}

export interface State {
  at: string; // key of the chosen node, or the id of an error or log
  tab: string;
  zoom: Zoom;
  collapsed: Set<string>;
  critical: boolean;
  least_us: number;
  find: string;
  clocks: boolean;
}

export function stateOf(parameters: Parameters, total_us: number): State {
  const [from = NaN, to = NaN] = (parameters.zoom || "").split("-").map(Number);
  const zoomed = Number.isFinite(from) && Number.isFinite(to) && to > from;
  return {
    at: parameters.at || "",
    tab: parameters.tab || "",
    zoom: zoomed ? { from_us: Math.max(0, from), to_us: Math.min(total_us, to) } : { from_us: 0, to_us: total_us },
    collapsed: new Set((parameters.closed || "").split(",").filter(Boolean)),
    critical: parameters.critical !== "no",
    least_us: Number(parameters.least) || 0,
    find: parameters.find || "",
    clocks: parameters.clocks !== "sent",
  };
}

export function setZoom(zoom: Zoom | null, total_us: number): void {
  if (!zoom || zoom.to_us - zoom.from_us >= total_us * 0.999) adjust({ zoom: "" });
  else adjust({ zoom: `${Math.max(0, Math.round(zoom.from_us))}-${Math.round(Math.min(total_us, Math.max(zoom.to_us, zoom.from_us + 10)))}` });
}

export function zoomBy(zoom: Zoom, factor: number, around_us: number, total_us: number): void {
  const from = around_us - (around_us - zoom.from_us) * factor, to = around_us + (zoom.to_us - around_us) * factor;
  setZoom({ from_us: Math.max(0, from), to_us: Math.min(total_us, to) }, total_us);
}

export function toggleCollapsed(collapsed: Set<string>, key: string): void {
  const next = new Set(collapsed);
  if (!next.delete(key)) next.add(key);
  adjust({ closed: [...next].join(",") });
}

// A chosen node must be seen: nothing above it stays collapsed.
export function choose(tree: Tree, state: State, key: string, more: Parameters = {}): void {
  const closed = new Set(state.collapsed);
  for (let up = tree.byKey.get(key)?.parent || null; up; up = up.parent) closed.delete(up.key);
  adjust({ at: key, closed: [...closed].join(","), ...more });
}
