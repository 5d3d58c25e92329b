// Where one can go: the views, their names, keys and usual times.
import type { JSX } from "preact";
import type { Address } from "./address";
import { MapView } from "./map/map";
import { TraceView } from "./trace/trace";
import type { View } from "./view";
import { ColdStarts } from "./views/coldstarts";
import { ErrorDetail, Errors } from "./views/errors";
import { Functions } from "./views/functions";
import { Instances } from "./views/instances";
import { Live } from "./views/live";
import { Logs } from "./views/logs";
import { OperationDetail } from "./views/operation";
import { Overview } from "./views/overview";
import { ServiceDetail, Services } from "./views/services";
import { Traces } from "./views/traces";
import { Usage } from "./views/usage";

export interface Place {
  view: string;
  title: string;
  key: string; // after "g"
  usual: string; // the time, when none is chosen
  show: (view: View) => JSX.Element;
  detail?: (view: View) => JSX.Element;
}

export const PLACES: Place[] = [
  { view: "", title: "Overview", key: "o", usual: "last hour", show: Overview },
  { view: "functions", title: "Functions", key: "f", usual: "last hour", show: Functions },
  { view: "services", title: "Services", key: "s", usual: "last hour", show: Services, detail: ServiceDetail },
  { view: "traces", title: "Traces", key: "t", usual: "any time", show: Traces },
  { view: "errors", title: "Errors", key: "e", usual: "last day", show: Errors, detail: ErrorDetail },
  { view: "logs", title: "Logs", key: "l", usual: "any time", show: Logs },
  { view: "map", title: "Map", key: "m", usual: "last hour", show: MapView },
  { view: "coldstarts", title: "Cold starts", key: "c", usual: "last hour", show: ColdStarts },
  { view: "live", title: "Live", key: "i", usual: "", show: Live },
  { view: "instances", title: "Instances", key: "n", usual: "last hour", show: Instances },
  { view: "usage", title: "Usage", key: "u", usual: "last 30 days", show: Usage },
];
const HIDDEN: Place[] = [
  { view: "trace", title: "Trace", key: "", usual: "", show: TraceView },
  { view: "operation", title: "Operation", key: "", usual: "last hour", show: OperationDetail },
];
export const ABOVE: { [view: string]: string } = { trace: "traces", operation: "functions" }; // which place is marked

export function placeOf(address: Address): Place | undefined {
  return [...PLACES, ...HIDDEN].find((place) => place.view === address.view);
}
