// The state of the page is its address: "#/view/detail?parameter=value". Whoever is sent it sees the same.
import { useEffect, useState } from "preact/hooks";

export interface Address {
  view: string;
  detail: string;
  parameters: Parameters;
}
export type Parameters = { [name: string]: string };
export type Changes = { [name: string]: string | number | boolean | null | undefined };

const TRACE_ID = /^[0-9a-fA-F]{32}$/;

export function parseAddress(hash: string): Address {
  const [path = "", search = ""] = hash.replace(/^#/, "").split("?", 2);
  const parameters = Object.fromEntries(new URLSearchParams(search));
  if (!path.startsWith("/")) return path ? { view: "trace", detail: safely(path), parameters } : { view: "", detail: "", parameters };
  const [view = "", ...detail] = path.slice(1).split("/");
  return { view, detail: safely(detail.join("/")), parameters };
}

function safely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function formatAddress(view: string, changes: Changes = {}, detail = ""): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(changes))
    if (value !== undefined && value !== null && value !== "" && value !== false) given.append(name, String(value));
  const search = given.toString();
  return `#/${view}${detail ? `/${encodeURIComponent(detail)}` : ""}${search ? `?${search}` : ""}`;
}

export function isTraceId(text: string): boolean {
  return TRACE_ID.test(text);
}

// The time that was chosen goes along from view to view.
export function timeOf(parameters: Parameters): Parameters {
  const out: Parameters = {};
  for (const name of ["since", "until"]) {
    const value = parameters[name];
    if (value) out[name] = value;
  }
  return out;
}

export function go(address: string): void {
  location.hash = address;
}

// Changes parameters of the shown view in place: not one step of "back" for every click.
export function adjust(changes: Changes): void {
  const here = parseAddress(location.hash);
  history.replaceState(null, "", formatAddress(here.view, { ...here.parameters, ...changes }, here.detail));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useAddress(): Address {
  const [address, setAddress] = useState(() => parseAddress(location.hash));
  useEffect(() => {
    const changed = () => setAddress(parseAddress(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return address;
}
