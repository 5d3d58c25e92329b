// What is said instead of data: loading, errors, and what to do when there is nothing.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { adjust } from "../address";
import { ago, now } from "../format";
import { HubError, setToken, useAsk, type Answer } from "../hub";
import type { Traces } from "../model";
import { Copy } from "./text";

export function Command({ text }: { text: string }) {
  return (
    <div class="command">
      <code>{text}</code>
      <Copy text={text} />
    </div>
  );
}

function Login({ again }: { again: () => void }) {
  const [token, set] = useState("");
  const use = (event: Event) => {
    event.preventDefault();
    setToken(token.trim());
    again();
  };
  return (
    <form class="say" onSubmit={use}>
      <label>
        This hub asks for its token <input type="password" autocomplete="off" id="token" value={token} onInput={(e) => set(e.currentTarget.value)} />
      </label>{" "}
      <button type="submit">Use it</button>
      <p class="faint">It was given to the hub with --token or AZIMUTH_HUB_TOKEN, and is kept until this tab is closed.</p>
    </form>
  );
}

export function Trouble({ error, again }: { error: HubError; again: () => void }) {
  if (error.status === 401) return <Login again={again} />;
  return (
    <div class="say bad" role="alert">
      ✗ {error.message}{" "}
      <button type="button" onClick={again}>
        Try again
      </button>
    </div>
  );
}

// The data when it is there, else what there is to say.
export function Shown<T>({ answer, children }: { answer: Answer<T>; children: (data: T) => ComponentChildren }) {
  return (
    <>
      {answer.error && <Trouble error={answer.error} again={answer.again} />}
      {answer.data ? children(answer.data) : !answer.error && <p class="say faint" role="status">Asking the hub…</p>}
    </>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <section class="empty">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

const RANGES: [string, number][] = [["1h", 3.6e9], ["6h", 2.16e10], ["24h", 8.64e10], ["7d", 6.048e11], ["30d", 2.592e12], ["365d", 3.1536e13]];

// Nothing in this time, but something before: one click away. Nothing at all: how to begin.
export function NothingYet({ what = "traces" }: { what?: string }) {
  const answer = useAsk<Traces>("api/traces?limit=1", true);
  if (!answer.data) return null;
  const newest = answer.data.traces[0]?.start_us;
  if (newest) {
    const range = (RANGES.find(([, us]) => now() - newest < us * 0.95) || ["365d"])[0];
    return (
      <Empty title={`No ${what} in this time`}>
        <p>
          The newest trace began {ago(newest, now())}.{" "}
          <button type="button" onClick={() => adjust({ since: range, until: "" })}>
            Show the last {range}
          </button>
        </p>
      </Empty>
    );
  }
  const origin = location.origin;
  return (
    <Empty title="Nothing has come in yet">
      <p>Start a functions app with Azimuth beside it, from its folder:</p>
      <Command text="azimuth run -- func start" />
      <p>Any other app with an OpenTelemetry SDK or an Elastic APM agent, unchanged:</p>
      <Command text={`OTEL_EXPORTER_OTLP_ENDPOINT=http://${location.hostname}:4318 OTEL_SERVICE_NAME=my-app npm start`} />
      <Command text={`ELASTIC_APM_SERVER_URL=${origin} npm start`} />
      <p class="faint">This page looks again by itself: leave it open.</p>
    </Empty>
  );
}
