// Asking the hub: the token, errors with their reason, and asking again while the page is looked at.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Changes } from "./address";

const REFRESH_MS = 5000;
const TOKEN = "azimuth-token";

export class HubError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function setToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
}

export function authorization(): { [name: string]: string } {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

export function query(path: string, parameters: Changes): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== null && value !== "" && value !== false) given.append(name, String(value));
  const search = given.toString();
  return search ? `${path}?${search}` : path;
}

async function reasonOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as { error?: string }).error || response.statusText;
  } catch {
    return response.statusText || `status ${response.status}`; // not from the hub
  }
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { ...authorization(), ...(init.headers as object) } });
  } catch (cause) {
    if ((cause as Error).name === "AbortError") throw cause;
    throw new HubError(0, "The hub does not answer. Is `azimuth hub` still running?");
  }
  if (!response.ok) throw new HubError(response.status, await reasonOf(response));
  return response;
}

export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request(path, signal ? { signal } : {})).json()) as T;
}

export interface Answer<T> {
  data: T | null;
  error: HubError | null;
  loading: boolean;
  again: () => void;
}

// Asks path (null: nothing), and again every few seconds while live and the page is visible. What was shown stays until
// the next answer is there.
export function useAsk<T>(path: string | null, live = false): Answer<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: HubError | null }>({ path: null, data: null, error: null });
  const [round, setRound] = useState(0);
  const asked = useRef(0);
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    const mine = ++asked.current;
    ask<T>(path, stop.signal).then(
      (data) => mine === asked.current && setState({ path, data, error: null }),
      (error: HubError) => {
        if (mine === asked.current && error.name !== "AbortError")
          setState((old) => ({ path, data: old.path === path ? old.data : null, error }));
      },
    );
    return () => stop.abort();
  }, [path, round]);
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => !document.hidden && setRound((n) => n + 1), REFRESH_MS);
    return () => clearInterval(timer);
  }, [live]);
  const current = state.path === path;
  return { data: current ? state.data : null, error: current ? state.error : null, loading: path !== null && !current, again: () => setRound((n) => n + 1) };
}

// Server-sent events over fetch, as EventSource cannot send a token. Ends when signal is aborted or the hub closes.
export async function follow(path: string, signal: AbortSignal, heard: (event: string, data: string, id: string) => void, lastId = ""): Promise<void> {
  const response = await request(path, { signal, headers: { Accept: "text/event-stream", ...(lastId ? { "Last-Event-ID": lastId } : {}) } });
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop() as string;
    for (const block of blocks) hearBlock(block, heard);
  }
}

function hearBlock(block: string, heard: (event: string, data: string, id: string) => void): void {
  const field: { [name: string]: string } = {};
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) field[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, "");
  }
  if (field.data !== undefined) heard(field.event || "message", field.data, field.id || "");
}
