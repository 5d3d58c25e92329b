import type { Trace, TraceEvent } from "../src/model";

export function event(id: string, parent: string | null, start: number, duration: number, more: Partial<TraceEvent> = {}): TraceEvent {
  return { kind: parent === null ? "transaction" : "span", id, ...(parent ? { parent_id: parent } : {}), transaction_id: "root", name: id, service: "shop", start_us: start, duration_us: duration, resource: 1, event: {}, ...more };
}

export function trace(events: TraceEvent[], same: Trace["same"] = []): Trace {
  return { trace: { trace_id: "0".repeat(32), start_us: events[0]?.start_us ?? 0, coldstart: false, transactions: 1, spans: 0, errors: 0, logs: 0, failed: 0 }, events, resources: {}, same };
}
