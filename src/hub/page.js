"use strict";
// All foreign text goes through textContent; nothing here builds HTML from strings.

const at = (id) => document.getElementById(id);
const LIST_LIMIT = 200;
const REFRESH_MS = 2000;
let shown = null; // the trace id on screen, or null for the list
let listText = "";

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function duration(us) {
  if (us === undefined) return "";
  if (us < 1000) return us + " µs";
  if (us < 1e6) return (us / 1000).toFixed(us < 1e4 ? 2 : 1) + " ms";
  if (us < 6e7) return (us / 1e6).toFixed(2) + " s";
  return Math.floor(us / 6e7) + " min " + Math.round((us % 6e7) / 1e6) + " s";
}

function clock(us) {
  const date = new Date(us / 1000);
  const today = date.toDateString() === new Date().toDateString();
  return (today ? "" : date.toLocaleDateString() + " ") + date.toLocaleTimeString();
}

function say(text, bad) {
  at("say").hidden = !text;
  at("say").textContent = text || "";
  at("say").className = bad ? "bad" : "";
}

async function ask(path) {
  const token = sessionStorage.getItem("token");
  const headers = token ? { Authorization: "Bearer " + token } : {};
  const response = await fetch(path, { headers });
  at("login").hidden = response.status !== 401;
  const body = await response.text();
  if (response.ok) return body;
  let reason = response.statusText;
  try { reason = JSON.parse(body).error || reason; } catch { /* not from the hub */ }
  throw new Error(reason);
}

const outcomeMarks = { success: ["good", "✓ success"], failure: ["bad", "✗ failure"] };

function outcomeOf(event) {
  const [className, text] = outcomeMarks[event.outcome] || ["faint", event.outcome || ""];
  return make("span", className, text);
}

function cell(row, className, content) {
  const td = make("td", className);
  td.append(content);
  row.append(td);
  return td;
}

function traceRow(trace) {
  const row = make("tr");
  const time = make("time", "", clock(trace.start_us));
  time.dateTime = trace.start;
  time.title = trace.start;
  cell(row, "", time);
  cell(row, "number", duration(trace.duration_us));
  cell(row, "", trace.outcome ? outcomeOf(trace) : "");
  cell(row, "", trace.result || "");
  cell(row, "", trace.service || "");
  const link = make("a", "", trace.name || (trace.service ? "(no name)" : "(its transaction has not come yet)"));
  link.href = "#" + encodeURIComponent(trace.trace_id);
  const name = cell(row, "name", link);
  if (trace.coldstart) name.append(make("span", "cold", "cold start"));
  cell(row, "number", String(trace.spans));
  cell(row, trace.errors ? "number bad" : "number", String(trace.errors));
  cell(row, "", make("code", "faint", trace.trace_id.slice(0, 8)));
  row.addEventListener("click", () => { location.hash = link.hash; });
  return row;
}

async function showList() {
  const text = await ask("api/traces?limit=" + LIST_LIMIT);
  if (shown !== null) return;
  const traces = JSON.parse(text).traces;
  say(traces.length ? "" : "Nothing has come yet. Start an app with: azimuth run -- func start");
  if (text === listText) return;
  listText = text;
  at("rows").replaceChildren(...traces.map(traceRow));
}

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

async function showTrace(id) {
  const answer = JSON.parse(await ask("api/traces/" + encodeURIComponent(id)));
  if (shown !== id) return;
  say("");
  const trace = answer.trace, events = answer.events;
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

async function show() {
  let id = location.hash.slice(1);
  try { id = decodeURIComponent(id); } catch { /* as it is */ }
  shown = id || null;
  at("list").hidden = shown !== null;
  at("trace").hidden = shown === null;
  at("what").hidden = at("detail").hidden = true;
  at("waterfall").replaceChildren();
  at("title").textContent = at("about").textContent = "";
  await refresh(true);
}

async function refresh(asked) {
  if (!asked && (shown !== null || !at("live").checked || document.hidden)) return;
  try {
    if (shown === null) await showList();
    else await showTrace(shown);
  } catch (error) {
    say(error instanceof TypeError ? "The hub does not answer." : error.message, true);
  }
}

at("find").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = "#" + encodeURIComponent(at("id").value.trim());
});
at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", at("token").value);
  refresh(true);
});
addEventListener("hashchange", show);
setInterval(refresh, REFRESH_MS, false);
show();
