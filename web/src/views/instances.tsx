// Processes, by the metadata they send.
import { formatAddress, timeOf, type Parameters } from "../address";
import { bytes, count } from "../format";
import { query, useAsk } from "../hub";
import type { Instance } from "../model";
import { Filter } from "../parts/filter";
import { Empty, Shown } from "../parts/say";
import { Table } from "../parts/table";
import { Ago, Chip, Moment } from "../parts/text";
import type { View } from "../view";

export function InstanceTable({ instances, parameters }: { instances: Instance[]; parameters: Parameters }) {
  if (!instances.length) return <p class="faint">No instance sent anything in this time.</p>;
  return (
    <Table caption="Instances" items={instances} keyOf={(i) => String(i.resource)} order={{ column: 4, rising: false }}
      columns={[
        { title: "Instance", wide: true, by: (i) => i.node || i.host, cell: (i) => <>{i.node || i.host || "(no name)"}{i.pid ? <span class="faint"> pid {i.pid}</span> : null}</> },
        { title: "Service", by: (i) => i.service, cell: (i) => <><a href={formatAddress("services", timeOf(parameters), i.service)}>{i.service}</a> {i.environment && <Chip>{i.environment}</Chip>}</> },
        { title: "Runtime", minor: true, cell: (i) => [i.runtime, i.agent].filter(Boolean).join(" · ") },
        { title: "First", minor: true, by: (i) => i.first_us, cell: (i) => <Moment us={i.first_us} /> },
        { title: "Last", by: (i) => i.last_us, cell: (i) => <Ago us={i.last_us} /> },
        { title: "Events", number: true, by: (i) => i.events, cell: (i) => count(i.events) },
        { title: "Cold starts", number: true, by: (i) => i.coldstarts, cell: (i) => i.coldstarts },
        { title: "Memory", number: true, by: (i) => i.memory_bytes, cell: (i) => (i.memory_bytes ? <span title={`${i.memory_bytes} bytes`}>{bytes(i.memory_bytes)}</span> : "–") },
      ]} />
  );
}

export function Instances({ parameters, live }: View) {
  const answer = useAsk<{ instances: Instance[] }>(query("api/instances", { ...timeOf(parameters), service: parameters.service }), live);
  return (
    <>
      <Filter parameters={parameters} fields={[{ name: "service", label: "Service", example: "any" }]} />
      <Shown answer={answer}>{(data) => (data.instances.length ? <InstanceTable instances={data.instances} parameters={parameters} /> : <Empty title="No instance sent anything in this time" />)}</Shown>
    </>
  );
}
