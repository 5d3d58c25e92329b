"use strict";
// What the views share. All foreign text goes through textContent; nothing here builds HTML from strings.

export const at = (id) => document.getElementById(id);

export function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

export function duration(us) {
  if (us === undefined || us === null) return "";
  if (us < 1000) return us + " µs";
  if (us < 1e6) return (us / 1000).toFixed(us < 1e4 ? 2 : 1) + " ms";
  if (us < 6e7) return (us / 1e6).toFixed(2) + " s";
  return Math.floor(us / 6e7) + " min " + Math.round((us % 6e7) / 1e6) + " s";
}

export function count(value) {
  return Number(value.toFixed(value < 10 ? 2 : 0)).toLocaleString();
}

export function share(ratio) {
  return ratio === null || ratio === undefined ? "–" : (ratio * 100).toFixed(ratio > 0 && ratio < 0.1 ? 1 : 0) + " %";
}

export function moment(us) {
  const date = new Date(us / 1000);
  const today = date.toDateString() === new Date().toDateString();
  const time = make("time", "", (today ? "" : date.toLocaleDateString() + " ") + date.toLocaleTimeString());
  time.dateTime = time.title = date.toISOString();
  return time;
}

const outcomeMarks = { success: ["good", "✓ success"], failure: ["bad", "✗ failure"] };

export function outcomeOf(event) {
  const [className, text] = outcomeMarks[event.outcome] || ["faint", event.outcome || ""];
  return make("span", className, text);
}

export function linkTo(hash, text, className) {
  const link = make("a", className || "", text);
  link.href = hash;
  return link;
}

// The state of a view, as the part of the address behind "#".
export function address(view, parameters) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) given.append(name, value);
  return "#/" + view + (given.size ? "?" + given : "");
}

// Each column: [title, cell, class]; cell gives text or a node.
export function table(columns, items) {
  const head = make("tr"), body = make("tbody"), whole = make("table"), top = make("thead");
  for (const [title, , className] of columns) {
    const th = make("th", className || "", title);
    th.scope = "col";
    head.append(th);
  }
  for (const item of items) {
    const row = make("tr");
    for (const [, cell, className] of columns) {
      const td = make("td", className || "");
      td.append(cell(item) ?? "");
      row.append(td);
    }
    const link = row.querySelector("a");
    if (link) row.addEventListener("click", () => { location.hash = link.hash; });
    body.append(row);
  }
  top.append(head);
  whole.append(top, body);
  return whole;
}

// A row of bars, one for each step of the time; what failed stands out by colour and by a mark below.
export function curve(item, answer) {
  const NS = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(NS, "svg");
  const steps = Math.max(1, Math.ceil((answer.until_us - answer.since_us) / answer.bucket_us));
  const most = Math.max(1, ...(item.series || []).map((point) => point.count));
  svg.setAttribute("viewBox", `0 0 ${steps * 3} 22`);
  svg.setAttribute("class", "curve");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "over time");
  const bar = (className, x, y, height) => {
    const rect = document.createElementNS(NS, "rect");
    for (const [name, value] of Object.entries({ class: className, x, y, width: 2.4, height })) rect.setAttribute(name, value);
    svg.append(rect);
  };
  for (const point of item.series || []) {
    const x = ((point.start_us - answer.since_us) / answer.bucket_us) * 3;
    const height = Math.max(1, (point.count / most) * 18);
    bar("all", x, 18 - height, height);
    if (point.failed > 0) bar("failed", x, 18 - Math.max(1, (point.failed / most) * 18), Math.max(1, (point.failed / most) * 18));
    if (point.failed > 0) bar("failed", x, 20, 2);
  }
  return svg;
}
