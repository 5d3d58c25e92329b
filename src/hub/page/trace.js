"use strict";
// One trace: its waterfall, and the event that was chosen.
import { at, duration, make, outcomeOf } from "./parts.js";

// Depth first, children by start; what has no parent here stands at the top.
function inTreeOrder(events) {
  const byId = new Map();
  for (const event of events) if (event.kind === "transaction" || event.kind === "span") byId.set(event.id, event);
  const children = new Map();
  for (const event of events) {
    let parent = byId.has(event.parent_id) && byId.get(event.parent_id) !== event ? event.parent_id : null;
    if (parent === null && event.kind !== "transaction" && byId.has(event.transaction_id)) parent = event.transaction_id;
    if (!children.has(parent)) children.set(parent, []);
    children.get(parent).push(event);
  }
  const out = [], seen = new Set();
  const stack = (children.get(null) || []).sort((a, b) => b.start_us - a.start_us).map((event) => [event, 0]);
  while (stack.length) {
    const [event, depth] = stack.pop();
    if (seen.has(event)) continue;
    seen.add(event);
    out.push([event, depth]);
    if (event.kind !== "transaction" && event.kind !== "span") continue;
    const below = (children.get(event.id) || []).sort((a, b) => b.start_us - a.start_us);
    for (const child of below) stack.push([child, depth + 1]);
  }
  for (const event of events) if (!seen.has(event)) out.push([event, 0]); // a circle of parents
  return out;
}

function labelOf(event) {
  if (event.kind === "error") return "⚠ " + (event.name ? event.name + ": " : "") + (event.message || "error");
  if (event.kind === "log") return "✎ " + (event.level ? event.level + " " : "") + (event.message || "");
  return event.name || "(no name)";
}

function choose(button, event) {
  for (const other of document.querySelectorAll(".chosen")) other.classList.remove("chosen");
  button.classList.add("chosen");
  at("what").hidden = at("detail").hidden = false;
  at("what").textContent = event.kind + ": " + labelOf(event);
  at("detail").textContent = JSON.stringify(event.event, null, 2);
}

function spanRow(event, depth, from, total) {
  const timed = event.duration_us !== undefined;
  const button = make("button", "span " + (timed ? "" : "point " + event.kind));
  button.type = "button";
  if (event.outcome === "failure") button.classList.add("failed");
  const label = make("span", "label");
  label.style.paddingLeft = Math.min(depth, 30) * 14 + "px";
  if (event.coldstart) label.append(make("span", "cold first", "cold start"));
  label.append(labelOf(event));
  label.title = labelOf(event) + (event.service ? "\n" + event.service : "");
  if (event.kind === "transaction") label.append(make("span", "faint", "  " + event.service));
  const lane = make("span", "lane"), bar = make("span", "bar"), time = make("span", "time");
  const left = ((event.start_us - from) / total) * 100, width = ((event.duration_us || 0) / total) * 100;
  bar.style.left = left + "%";
  if (timed) bar.style.width = width + "%";
  time.textContent = timed ? duration(event.duration_us) : duration(event.start_us - from);
  if (left + width < 75) time.style.left = left + width + "%";
  else time.style.right = 100 - Math.min(left, 100) + "%";
  if (left < 15 && left + width >= 75) { // no room on either side
    time.classList.add("inside");
    time.style.right = "auto";
    time.style.left = Math.max(left, 0) + "%";
  }
  lane.append(bar, time);
  button.append(label, lane);
  button.addEventListener("click", () => choose(button, event));
  return button;
}

export function showTrace(answer, id) {
  const trace = answer.trace, events = answer.events;
  at("what").hidden = at("detail").hidden = true;
  at("title").textContent = trace.name || id;
  at("about").replaceChildren(trace.service || "", " · ", new Date(trace.start_us / 1000).toLocaleString(), " · ",
    duration(trace.duration_us), " · ", outcomeOf(trace), " · ", trace.result || "", " · ", make("code", "", id));
  const timed = events.filter((event) => event.duration_us !== undefined);
  const basis = timed.length ? timed : events;
  const from = basis.reduce((least, event) => Math.min(least, event.start_us), Infinity);
  const to = basis.reduce((most, event) => Math.max(most, event.start_us + (event.duration_us || 0)), 0);
  const rows = inTreeOrder(events).map(([event, depth]) => spanRow(event, depth, from, Math.max(to - from, 1)));
  at("waterfall").replaceChildren(...rows);
}
