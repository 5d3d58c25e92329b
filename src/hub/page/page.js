"use strict";
// The frame: which view the address names, what it is asked with, and when it is asked again.
import { address, at } from "./parts.js";
import { showTrace } from "./trace.js";
import * as views from "./views.js";

const REFRESH_MS = 3000;
const fields = { traces: ["q", "service", "outcome", "min_duration", "since", "order"], functions: ["service", "since"],
  services: ["since"], errors: ["q", "service", "since"], logs: ["q", "service", "level", "since"] };
let state = null;
let last = "";

function say(text, bad) {
  at("say").hidden = !text;
  at("say").textContent = text || "";
  at("say").className = bad ? "bad" : "";
}

async function ask(path) {
  const token = sessionStorage.getItem("token");
  const response = await fetch(path, { headers: token ? { Authorization: "Bearer " + token } : {} });
  at("login").hidden = response.status !== 401;
  const body = await response.text();
  if (response.ok) return JSON.parse(body);
  let reason = response.statusText;
  try { reason = JSON.parse(body).error || reason; } catch { /* not from the hub */ }
  throw new Error(reason);
}

// "#/errors/GROUP?since=1h", "#/traces?q=...", "#TRACE_ID", or nothing: the newest traces.
function read(hash) {
  const [path, search] = hash.replace(/^#/, "").split("?", 2);
  const parameters = Object.fromEntries(new URLSearchParams(search || ""));
  if (!path.startsWith("/")) return path ? { trace: decodeURIComponent(path), parameters } : { view: "traces", parameters };
  const [, view, detail] = path.split("/");
  return { view: Object.hasOwn(fields, view) ? view : "traces", detail, parameters };
}

function showFrame() {
  at("list").hidden = Boolean(state.trace);
  at("trace").hidden = !state.trace;
  at("filter").hidden = Boolean(state.trace || state.detail);
  for (const link of document.querySelectorAll("nav a")) {
    const current = !state.trace && link.hash === "#/" + state.view;
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const label of document.querySelectorAll("#filter [data-field]")) {
    const name = label.dataset.field;
    label.hidden = !(fields[state.view] || []).includes(name);
    label.querySelector("input, select").value = state.parameters[name] || "";
  }
}

async function showState() {
  const asked = state;
  if (asked.trace) {
    const answer = await ask("api/traces/" + encodeURIComponent(asked.trace));
    if (asked !== state) return;
    say("");
    showTrace(answer, asked.trace);
    return;
  }
  const view = asked.view === "errors" && asked.detail ? views.error : views[asked.view];
  const { shown, said } = await view(ask, asked.parameters, asked.detail);
  if (asked !== state) return;
  say(said);
  const text = shown.map((node) => node.outerHTML).join("");
  if (text !== last) at("list").replaceChildren(...shown); // nothing moves under the reader's hand when nothing is new
  last = text;
}

async function refresh() {
  try {
    await showState();
  } catch (error) {
    say(error instanceof TypeError ? "The hub does not answer." : error.message, true);
  }
}

async function show() {
  try {
    state = read(location.hash);
  } catch {
    state = { view: "traces", parameters: {} };
  }
  last = "";
  at("list").replaceChildren();
  at("waterfall").replaceChildren();
  at("title").textContent = at("about").textContent = "";
  showFrame();
  await refresh();
}

at("find").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = "#" + encodeURIComponent(at("id").value.trim());
});
at("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  const parameters = { ...state.parameters, cursor: "" };
  for (const label of document.querySelectorAll("#filter [data-field]"))
    if (!label.hidden) parameters[label.dataset.field] = label.querySelector("input, select").value.trim();
  location.hash = address(state.view, parameters);
});
at("filter").addEventListener("change", (event) => {
  if (event.target.tagName === "SELECT") at("filter").requestSubmit();
});
at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", at("token").value);
  refresh();
});
addEventListener("hashchange", show);
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  (at("filter").hidden ? at("id") : at("filter").querySelector("label:not([hidden]) input, label:not([hidden]) select")).focus();
});
setInterval(() => {
  const still = state.trace || state.parameters.cursor || !at("live").checked || document.hidden;
  if (!still) refresh();
}, REFRESH_MS);
show();
