// What the hub answers: docs/API.md. Times are microseconds since 1970, durations microseconds.

export type Outcome = "success" | "failure" | "unknown";
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface Point {
  start_us: number;
  count: number;
  failed: number;
  p95_us?: number | null;
}

export interface Sums {
  requests: number;
  per_minute: number;
  failed_ratio: number | null;
  avg_us: number | null;
  p50_us: number | null;
  p95_us: number | null;
  p99_us: number | null;
}

export interface Span {
  since_us: number;
  until_us: number;
  bucket_us: number;
}

export interface Service extends Sums {
  service: string;
  environment?: string;
  agent?: string;
  language?: string;
  runtime?: string;
  cloud?: string;
  errors: number;
  instances: number;
  last_us?: number | null;
  last_seen_us?: number | null;
  series: Point[];
}
export interface Services extends Span {
  services: Service[];
}

export interface Temperature {
  count: number;
  ratio: number | null;
  avg_us: number | null;
  p50_us: number | null;
  p95_us: number | null;
}
export interface Operation extends Sums {
  service: string;
  environment?: string;
  name: string;
  type?: string;
  function?: string;
  trigger?: string;
  impact: number;
  last_us?: number | null;
  series: Point[];
  cold?: Temperature;
  warm?: Omit<Temperature, "count" | "ratio">;
  last_error?: { group: string; message?: string; at_us: number } | null;
}
export interface Operations extends Span {
  operations: Operation[];
}

export interface DetailPoint {
  start_us: number;
  count: number;
  failed: number;
  cold: number;
  avg_us: number | null;
  p50_us: number | null;
  p95_us: number | null;
  p99_us: number | null;
}
export interface Bar {
  from_us: number;
  to_us: number;
  count: number;
}
export interface Series {
  since_us?: number;
  until_us?: number;
  bucket_us: number;
  points: DetailPoint[];
  histogram: Bar[];
}

export interface TraceRow {
  trace_id: string;
  transaction_id?: string;
  service?: string;
  name?: string;
  type?: string;
  result?: string;
  trigger?: string;
  function?: string;
  duration_us?: number;
  outcome?: Outcome;
  start_us: number;
  coldstart: boolean;
  transactions: number;
  spans: number;
  errors: number;
  logs: number;
  failed: number;
  services?: { service: string; events: number; failed: number }[];
}
export interface Traces {
  traces: TraceRow[];
  cursor: number;
  next: string | null;
  partial: boolean;
}

export type Kind = "transaction" | "span" | "error" | "log";
export interface TraceEvent {
  kind: Kind;
  id?: string;
  parent_id?: string;
  transaction_id?: string;
  name?: string;
  type?: string;
  service?: string;
  message?: string;
  level?: string;
  outcome?: Outcome;
  coldstart?: boolean;
  start_us: number;
  duration_us?: number;
  resource: number;
  event: JsonObject;
}
export interface Trace {
  trace: TraceRow;
  events: TraceEvent[];
  resources: { [id: string]: JsonObject };
  same: { host: number; worker: number }[];
}

export interface ErrorGroup {
  group: string;
  service?: string;
  type?: string;
  message?: string;
  culprit?: string;
  count: number;
  count_ever: number;
  first_us: number;
  last_us: number;
  trace_id?: string;
  id?: string;
  series: Point[];
}
export interface Errors {
  errors: ErrorGroup[];
  bucket_us: number;
  since_us?: number;
  until_us?: number;
  next: string | null;
}
export interface Occurrence {
  trace_id?: string;
  id?: string;
  transaction_id?: string;
  service?: string;
  transaction?: string;
  message?: string;
  at_us: number;
}
export interface ErrorDetail {
  error: ErrorGroup;
  occurrences: Occurrence[];
  sample: JsonObject | null;
  next: string | null;
}

export interface LogLine {
  trace_id?: string;
  transaction_id?: string;
  parent_id?: string;
  at_us: number;
  service?: string;
  level?: string;
  logger?: string;
  message?: string;
  event: JsonObject;
}
export interface Logs {
  logs: LogLine[];
  next: string | null;
  partial: boolean;
}

export interface MapNode {
  id: string | number;
  kind: "service" | "target";
  name: string;
  type?: string;
  requests?: number;
  failed_ratio?: number | null;
  p95_us?: number | null;
}
export interface MapEdge extends Partial<Sums> {
  from: string | number;
  to: string | number;
  target?: string;
  type?: string;
}
export interface ServiceMap {
  nodes: MapNode[];
  edges: MapEdge[];
  sampled: boolean;
}

export interface Instance {
  resource: number;
  service: string;
  environment?: string;
  node?: string;
  host?: string;
  pid?: number;
  agent?: string;
  runtime?: string;
  first_us: number;
  last_us: number;
  events: number;
  coldstarts: number;
  memory_bytes?: number | null;
  memory_at_us?: number | null;
}
export interface Usage {
  day: string;
  service: string;
  transactions: number;
  spans: number;
  errors: number;
  logs: number;
  samples: number;
  bytes: number;
  instances: number;
  memory_bytes: number | null;
}

export interface Status {
  version: string;
  store: {
    kind: string;
    path?: string;
    bytes: number;
    max_bytes: number;
    max_age_us: number;
    oldest_us: number | null;
    state: "ok" | "full" | "failing";
    message?: string;
  };
  ingest: { events: number; known: number; bytes: number; commits: number; failed_batches: number };
}
