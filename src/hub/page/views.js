"use strict";
// The lists. Each view asks the hub (docs/API.md) with the parameters of its address and gives what is to be shown.
import { address, count, curve, duration, linkTo, make, moment, outcomeOf, share, table } from "./parts.js";

const NOTHING = "Nothing has come in this time. Start an app with: azimuth run -- func start";

function query(path, parameters, names) {
  const given = new URLSearchParams();
  for (const name of names) if (parameters[name]) given.append(name, parameters[name]);
  return path + (given.size ? "?" + given : "");
}

function nameOf(trace) {
  const holder = make("span");
  holder.append(linkTo("#" + encodeURIComponent(trace.trace_id),
    trace.name || (trace.service ? "(no name)" : "(its transaction has not come yet)")));
  if (trace.coldstart) holder.append(make("span", "cold", "cold start"));
  return holder;
}

// Which services took part, and in which something failed.
function servicesOf(trace) {
  const holder = make("span");
  for (const part of trace.services || []) {
    const text = part.service + " " + part.events + (part.failed ? " ✗ " + part.failed : "");
    holder.append(make("span", part.failed ? "chip bad" : "chip", text));
  }
  return holder;
}

const traceColumns = [
  ["Time", (t) => moment(t.start_us)],
  ["Duration", (t) => duration(t.duration_us), "number"],
  ["Outcome", (t) => (t.outcome ? outcomeOf(t) : "")],
  ["Result", (t) => t.result],
  ["Name", nameOf, "name"],
  ["Services", servicesOf],
  ["Spans", (t) => String(t.spans), "number"],
  ["Errors", (t) => make("span", t.errors ? "bad" : "", String(t.errors)), "number"],
];
const traceFilters = ["q", "service", "function", "name", "group", "outcome", "status", "coldstart", "attr", "min_duration",
  "since", "order", "cursor"];

export async function traces(ask, parameters) {
  const answer = await ask(query("api/traces", { ...parameters, limit: "100" }, [...traceFilters, "limit"]));
  const shown = [table(traceColumns, answer.traces)];
  if (answer.partial) shown.push(make("p", "faint", "Not everything was looked at: “more” goes on from there."));
  if (answer.next) shown.push(linkTo(address("traces", { ...parameters, cursor: answer.next }), "more", "more"));
  return { shown, said: answer.traces.length ? "" : "No trace is like that. Without conditions: the newest traces." };
}

function lastError(operation) {
  const last = operation.last_error;
  return last ? linkTo(address("errors/" + last.group, {}), last.message || "(no message)") : "";
}

const sums = [
  ["Rate / min", (o) => count(o.per_minute), "number"],
  ["Failed", (o) => make("span", o.failed_ratio ? "bad" : "", share(o.failed_ratio)), "number"],
  ["p50", (o) => duration(o.p50_us), "number"],
  ["p95", (o) => duration(o.p95_us), "number"],
  ["p99", (o) => duration(o.p99_us), "number"],
  ["Last", (o) => (o.last_us ? moment(o.last_us) : "–")],
];

export async function services(ask, parameters) {
  const answer = await ask(query("api/services", parameters, ["since", "environment"]));
  const columns = [
    ["Service", (s) => linkTo(address("functions", { ...parameters, service: s.service, all: "true" }), s.service), "name"],
    ["Environment", (s) => s.environment], ["Agent", (s) => s.agent], ["Runtime", (s) => s.runtime],
    ["", (s) => curve(s, answer)], ...sums,
    ["Errors", (s) => linkTo(address("errors", { since: parameters.since, service: s.service }), count(s.errors)), "number"],
    ["Instances", (s) => String(s.instances), "number"],
  ];
  const items = answer.services.sort((a, b) => b.requests - a.requests);
  return { shown: [table(columns, items)], said: items.length ? "" : NOTHING };
}

export async function functions(ask, parameters) {
  const wanted = { ...parameters, functions: parameters.all ? "" : "true" };
  const answer = await ask(query("api/operations", wanted, ["since", "service", "functions"]));
  const columns = [
    ["Name", (o) => linkTo(address("traces", { since: parameters.since || "1h", service: o.service, name: o.name }), o.name), "name"],
    ["Service", (o) => o.service], ["Function", (o) => o.function], ["Trigger", (o) => o.trigger || o.type],
    ["", (o) => curve(o, answer)], ...sums,
    ["Cold starts", (o) => (o.cold ? count(o.cold.count) + " (" + share(o.cold.ratio) + ")" : ""), "number"],
    ["Cold / warm", (o) => (o.cold && o.cold.count ? duration(o.cold.avg_us) + " / " + duration(o.warm.avg_us) : ""), "number"],
    ["Last error", lastError, "name"],
  ];
  const shown = [table(columns, answer.operations)];
  const other = { ...parameters, all: parameters.all ? "" : "true" };
  shown.push(linkTo(address("functions", other), parameters.all ? "functions only" : "all operations", "more"));
  return { shown, said: answer.operations.length ? "" : NOTHING };
}

export async function errors(ask, parameters) {
  const answer = await ask(query("api/errors", { ...parameters, limit: "100" }, ["since", "service", "q", "order", "cursor", "limit"]));
  const columns = [
    ["Error", (e) => linkTo(address("errors/" + e.group, { since: parameters.since }), (e.type || "error") + ": " + (e.message || "")), "name"],
    ["Where", (e) => e.culprit], ["Service", (e) => e.service], ["", (e) => curve(e, answer)],
    ["Count", (e) => count(e.count), "number"], ["First", (e) => moment(e.first_us)], ["Last", (e) => moment(e.last_us)],
  ];
  return { shown: [table(columns, answer.errors)], said: answer.errors.length ? "" : "No error in this time." };
}

export async function error(ask, parameters, group) {
  const answer = await ask(query("api/errors/" + encodeURIComponent(group), parameters, ["cursor"]));
  const one = answer.error;
  const shown = [make("h2", "", (one.type || "error") + ": " + (one.message || "")),
    make("p", "faint", [one.culprit, one.service, count(one.count_ever) + " times"].filter(Boolean).join(" · ")),
    linkTo(address("traces", { group }), "all traces with it", "more"),
    table([
      ["Time", (o) => moment(o.at_us)],
      ["Message", (o) => (o.trace_id ? linkTo("#" + o.trace_id, o.message || "(no message)") : o.message), "name"],
      ["In", (o) => o.transaction, "name"], ["Service", (o) => o.service],
    ], answer.occurrences)];
  if (answer.next) shown.push(linkTo(address("errors/" + group, { cursor: answer.next }), "more", "more"));
  shown.push(make("pre", "", JSON.stringify(answer.sample, null, 2)));
  return { shown, said: "" };
}

export async function logs(ask, parameters) {
  const answer = await ask(query("api/logs", { ...parameters, limit: "200" }, ["since", "service", "q", "level", "cursor", "limit"]));
  const columns = [
    ["Time", (l) => moment(l.at_us)], ["Level", (l) => l.level], ["Service", (l) => l.service],
    ["Message", (l) => (l.trace_id ? linkTo("#" + l.trace_id, l.message || "(nothing)") : l.message), "name"],
    ["Logger", (l) => l.logger],
  ];
  const shown = [table(columns, answer.logs)];
  if (answer.next) shown.push(linkTo(address("logs", { ...parameters, cursor: answer.next }), "more", "more"));
  return { shown, said: answer.logs.length ? "" : "No log line is like that. azimuth run sends them; elsewhere: ELASTIC_APM_LOG_SENDING=true" };
}
