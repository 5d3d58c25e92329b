// What is sent and stored: per service and day; and the store itself.
import { bytes, count, duration } from "../format";
import { query, useAsk } from "../hub";
import type { Status, Usage as Row } from "../model";
import { Empty, Shown } from "../parts/say";
import { Table } from "../parts/table";
import { Moment } from "../parts/text";
import type { View } from "../view";

function StoreState({ status }: { status: Status }) {
  const store = status.store;
  const full = store.max_bytes ? store.bytes / store.max_bytes : 0;
  return (
    <dl class="facts">
      <dt>Store</dt>
      <dd>{store.kind}{store.path && <> in <code>{store.path}</code></>}, {store.state === "ok" ? <span class="good">✓ ok</span> : <span class="bad">✗ {store.state}: {store.message}</span>}</dd>
      <dt>Size</dt>
      <dd>{bytes(store.bytes)}{store.max_bytes ? <> of {bytes(store.max_bytes)} <meter min={0} max={1} value={Math.min(1, full)} aria-label="used of the size allowed" /></> : ", without a limit"}</dd>
      <dt>Kept for</dt>
      <dd>{store.max_age_us ? duration(store.max_age_us) : "ever"}; the oldest is of <Moment us={store.oldest_us} /></dd>
      <dt>Since the start</dt>
      <dd>{count(status.ingest.events)} events ({bytes(status.ingest.bytes)}) in {count(status.ingest.commits)} commits; {count(status.ingest.known)} came twice and were left out{status.ingest.failed_batches > 0 && <span class="bad">; ✗ {count(status.ingest.failed_batches)} batches could not be stored</span>}</dd>
      <dt>Hub</dt>
      <dd>Azimuth {status.version}</dd>
    </dl>
  );
}

export function Usage({ parameters, live, status }: View) {
  const answer = useAsk<{ usage: Row[] }>(query("api/usage", { since: parameters.since, until: parameters.until }), live);
  return (
    <>
      {status && <StoreState status={status} />}
      <h2>Per service and day</h2>
      <Shown answer={answer}>
        {(data) => data.usage.length ? (
          <Table caption="Usage" items={data.usage} keyOf={(u) => u.day + u.service} order={{ column: 0, rising: false }}
            columns={[
              { title: "Day (UTC)", by: (u) => u.day, cell: (u) => u.day },
              { title: "Service", wide: true, by: (u) => u.service, cell: (u) => u.service },
              ...(["transactions", "spans", "errors", "logs", "samples"] as const).map((name) => ({ title: name[0]?.toUpperCase() + name.slice(1), number: true, by: (u: Row) => u[name], cell: (u: Row) => <span title={String(u[name])}>{count(u[name])}</span> })),
              { title: "Received", number: true, by: (u) => u.bytes, cell: (u) => <span title={`${u.bytes} bytes, unpacked`}>{bytes(u.bytes)}</span> },
              { title: "Instances", number: true, by: (u) => u.instances, cell: (u) => u.instances },
              { title: "Memory", number: true, hint: "the most of each instance, added up", by: (u) => u.memory_bytes, cell: (u) => (u.memory_bytes ? bytes(u.memory_bytes) : "–") },
            ]} />
        ) : <Empty title="Nothing was received in this time" />}
      </Shown>
    </>
  );
}
