// The time that is looked at: an age, or from and until.
import { useState } from "preact/hooks";
import { adjust, type Parameters } from "./address";
import { moment } from "./views/time";

const AGES: [string, string][] = [["15m", "last 15 min"], ["1h", "last hour"], ["6h", "last 6 hours"], ["24h", "last day"], ["7d", "last 7 days"], ["30d", "last 30 days"], ["365d", "last year"]];

// As <input type="datetime-local"> wants it: the viewer's zone.
function local(text: string | undefined): string {
  const us = moment(text);
  if (us === null) return "";
  const date = new Date(us / 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function Exact({ parameters, close }: { parameters: Parameters; close: () => void }) {
  const [from, setFrom] = useState(local(parameters.since || "1h"));
  const [until, setUntil] = useState(local(parameters.until));
  return (
    <form class="exact" onSubmit={(event) => {
      event.preventDefault();
      adjust({ since: from ? new Date(from).getTime() * 1000 : "", until: until ? new Date(until).getTime() * 1000 : "", cursor: "" });
      close();
    }}>
      <label>From <input type="datetime-local" value={from} onInput={(event) => setFrom(event.currentTarget.value)} /></label>
      <label>Until <input type="datetime-local" value={until} onInput={(event) => setUntil(event.currentTarget.value)} /></label>
      <button type="submit">Show</button> <button type="button" class="plain" onClick={close}>Cancel</button>
    </form>
  );
}

export function Range({ parameters, usual }: { parameters: Parameters; usual: string }) {
  const [open, setOpen] = useState(false);
  const since = parameters.since || "", exact = Boolean(parameters.until) || (since !== "" && !AGES.some(([age]) => age === since));
  const value = exact ? "exact" : since;
  const told = exact ? `${local(since).replace("T", " ")} – ${parameters.until ? local(parameters.until).replace("T", " ") : "now"}` : "";
  return (
    <span class="range">
      <select aria-label="Time" value={value} title={told} onChange={(event) => {
        const next = event.currentTarget.value;
        if (next === "choose") setOpen(true);
        else adjust({ since: next, until: "", cursor: "" });
      }}>
        <option value="" selected={value === ""}>{usual}</option>
        {AGES.filter(([, text]) => text !== usual).map(([age, text]) => <option value={age} selected={value === age}>{text}</option>)}
        {exact && <option value="exact" selected>{told}</option>}
        <option value="choose">from … until …</option>
      </select>
      {open && <Exact parameters={parameters} close={() => setOpen(false)} />}
    </span>
  );
}
