// Small pieces of text: moments, durations, outcomes, chips, links.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ago, clock, day, duration, now, share, utc } from "../format";
import type { Outcome } from "../model";

export function Moment({ us, fine = false }: { us: number | null | undefined; fine?: boolean }) {
  if (!us) return <span class="faint">–</span>;
  return (
    <time dateTime={utc(us)} title={`${utc(us)}\n${Math.floor(us)} µs since 1970`}>
      {[day(us), clock(us, fine)].filter(Boolean).join(" ")}
    </time>
  );
}

export function Ago({ us }: { us: number | null | undefined }) {
  if (!us) return <span class="faint">never</span>;
  return (
    <time dateTime={utc(us)} title={`${new Date(us / 1000).toLocaleString()}\n${utc(us)}`}>
      {ago(us, now())}
    </time>
  );
}

export function Duration({ us }: { us: number | null | undefined }) {
  if (us === undefined || us === null) return <span class="faint">–</span>;
  return <span title={`${us} µs`}>{duration(us)}</span>;
}

export function Failed({ ratio }: { ratio: number | null | undefined }) {
  return <span class={ratio ? "bad" : ""}>{ratio ? `✗ ${share(ratio)}` : share(ratio)}</span>;
}

const marks: { [outcome: string]: [string, string] } = { success: ["good", "✓"], failure: ["bad", "✗"] };

export function OutcomeMark({ outcome, words = true }: { outcome: Outcome | undefined; words?: boolean }) {
  if (!outcome) return null;
  const [className, mark] = marks[outcome] || ["faint", "?"];
  return (
    <span class={className} title={outcome}>
      {mark}
      {words ? ` ${outcome}` : <span class="hidden-text"> {outcome}</span>}
    </span>
  );
}

export function ColdChip() {
  return <span class="chip cold">cold start</span>;
}

export function Chip({ children, kind = "", title }: { children: ComponentChildren; kind?: string; title?: string }) {
  return (
    <span class={`chip ${kind}`} title={title}>
      {children}
    </span>
  );
}

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // not a secure context: http on another machine
  }
}

function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

export function Copy({ text, label = "copy" }: { text: string; label?: string }) {
  const [said, setSaid] = useState("");
  const copy = async (event: Event) => {
    event.stopPropagation();
    setSaid((await copyText(text)) ? "copied" : "not allowed");
    setTimeout(() => setSaid(""), 1500);
  };
  return (
    <button type="button" class="copy" onClick={copy} title={`Copy ${text.length > 60 ? "the value" : text}`} aria-label={`${label} ${text.slice(0, 60)}`}>
      {said || label}
    </button>
  );
}
