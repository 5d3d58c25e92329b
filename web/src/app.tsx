// The frame: where one can go, which time is looked at, and the view that the address names.
import { useEffect, useRef, useState } from "preact/hooks";
import { formatAddress, go, isTraceId, timeOf, useAddress, type Address } from "./address";
import { Help } from "./help";
import { useAsk } from "./hub";
import type { Status } from "./model";
import { ABOVE, placeOf, PLACES } from "./places";
import { Range } from "./range";
import { toggleTheme, useTheme } from "./theme";
import { isTyping } from "./trace/keys";

// After "g", the first letter of a place leads there; "/" finds; "?" helps.
function useKeys(address: Address, help: () => void): void {
  const pending = useRef(-Infinity); // when "g" was pressed
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const second = event.timeStamp - pending.current < 1500;
      pending.current = -Infinity;
      const place = second && PLACES.find((each) => each.key === event.key);
      if (place) {
        event.stopImmediatePropagation();
        go(formatAddress(place.view, timeOf(address.parameters)));
      } else if (event.key === "g") pending.current = event.timeStamp;
      else if (event.key === "?") help();
      else if (event.key === "/") {
        event.preventDefault();
        (document.querySelector<HTMLInputElement>(".filter input") || document.querySelector<HTMLInputElement>("#id"))?.focus();
      }
    };
    addEventListener("keydown", pressed, true);
    return () => removeEventListener("keydown", pressed, true);
  }, [address]);
}

function FindTrace() {
  const [id, setId] = useState("");
  return (
    <form role="search" onSubmit={(event) => {
      event.preventDefault();
      const text = id.trim();
      if (!text) return;
      setId("");
      if (isTraceId(text)) go(formatAddress("trace", {}, text.toLowerCase()));
      else go(formatAddress("traces", /^[0-9a-f]{8,}$/i.test(text) ? { id: text.toLowerCase() } : { q: text }));
    }}>
      <input id="id" type="search" placeholder="trace id or words" aria-label="Trace id or words" autocomplete="off" spellcheck={false} value={id} onInput={(event) => setId(event.currentTarget.value)} />
    </form>
  );
}

function StoreBanner({ status, failed }: { status: Status | null; failed: boolean }) {
  if (failed) return <div class="banner bad" role="alert">✗ The hub does not answer: what is shown may be old.</div>;
  if (!status || status.store.state === "ok") return null;
  return (
    <div class="banner bad" role="alert">
      ✗ {status.store.state === "full" ? "The disk is full" : "The store fails"}: nothing new is stored, senders are told to try again. {status.store.message}
    </div>
  );
}

export function App() {
  const address = useAddress();
  const theme = useTheme();
  const [live, setLive] = useState(true);
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const status = useAsk<Status>("api/status", true);
  useKeys(address, () => setHelp((on) => !on));
  const place = placeOf(address);
  const where = `${address.view}/${address.detail}`;
  useEffect(() => {
    document.title = `${[place?.title, address.detail || address.parameters.name].filter(Boolean).join(": ")} – Azimuth`;
    window.scrollTo(0, 0);
    const nav = document.querySelector("nav"), here = nav?.querySelector<HTMLElement>("[aria-current]");
    if (nav && here) nav.scrollLeft = here.offsetLeft - nav.offsetLeft - nav.clientWidth / 3;
  }, [where]);
  const marked = ABOVE[address.view] ?? address.view;
  const Shown = place && (address.detail && place.detail ? place.detail : place.show);
  const refreshes = address.view !== "trace" && address.view !== "live" && !address.parameters.until;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        main.current?.focus();
      }}>To the content</a>
      <header class="top">
        <a class="brand" href="#/">Azimuth</a>
        <nav aria-label="Views">
          {PLACES.map((each) => <a href={formatAddress(each.view, timeOf(address.parameters))} aria-current={marked === each.view ? "page" : undefined}>{each.title}</a>)}
        </nav>
        <div class="top-tools">
          <FindTrace />
          {place?.usual && <Range parameters={address.parameters} usual={place.usual} />}
          {refreshes && <label class="check"><input type="checkbox" checked={live} onChange={() => setLive(!live)} /> refresh</label>}
          <button type="button" class="plain" onClick={toggleTheme} aria-label={theme === "dark" ? "Light colours" : "Dark colours"} title={theme === "dark" ? "Light colours" : "Dark colours"}>{theme === "dark" ? "☀" : "☾"}</button>
          <button type="button" class="plain" onClick={() => setHelp(!help)} aria-label="Keys" title="Keys (?)">?</button>
        </div>
      </header>
      <StoreBanner status={status.data} failed={status.error?.status === 0} />
      <main id="main" ref={main} tabIndex={-1}>
        {Shown ? <Shown key={where} parameters={address.parameters} detail={address.detail} live={live && refreshes} status={status.data} /> : <p class="say">There is no view of this name. <a href="#/">Overview</a></p>}
      </main>
      {help && <Help close={() => setHelp(false)} />}
    </>
  );
}
