// The services, and one of them.
import { formatAddress, timeOf } from "../address";
import { count } from "../format";
import { query, useAsk } from "../hub";
import type { Errors, Instance, Operations, Service, Services as Answer } from "../model";
import { NothingYet, Shown } from "../parts/say";
import { Table } from "../parts/table";
import { Ago, Chip } from "../parts/text";
import type { View } from "../view";
import { errorColumns, identify, impactColumn, operationAddress, sparkColumn, sumColumns } from "./columns";
import { InstanceTable } from "./instances";
import { Curves } from "./overview";

export function Services({ parameters, live }: View) {
  const time = timeOf(parameters);
  const answer = useAsk<Answer>(query("api/services", time), live);
  const address = (s: Service) => formatAddress("services", { ...time, environment: s.environment }, s.service);
  return (
    <Shown answer={answer}>
      {(data) => data.services.length ? (
        <Table caption="Services" items={data.services} keyOf={identify} to={address} order={{ column: 3, rising: false }}
          columns={[
            {
              title: "Service", wide: true, by: (s) => s.service,
              cell: (s) => <><a href={address(s)}>{s.service}</a> {s.environment && <Chip>{s.environment}</Chip>}<div class="faint small">{[s.runtime || s.language, s.agent, s.cloud].filter(Boolean).join(" · ")}</div></>,
            },
            sparkColumn<Service>(data),
            { title: "Instances", number: true, minor: true, by: (s) => s.instances, cell: (s) => s.instances },
            ...sumColumns<Service>().slice(0, 5),
            { title: "Errors", number: true, by: (s) => s.errors, cell: (s) => (s.errors ? <a class="bad" href={formatAddress("errors", { ...time, service: s.service })}>{count(s.errors)}</a> : 0) },
            { title: "Last seen", by: (s) => s.last_seen_us, cell: (s) => <Ago us={s.last_seen_us} /> },
          ]} />
      ) : <NothingYet />}
    </Shown>
  );
}

export function ServiceDetail({ parameters, live, detail: service }: View) {
  const time = timeOf(parameters);
  const asked = { ...time, service, environment: parameters.environment };
  const operations = useAsk<Operations>(query("api/operations", asked), live);
  const errors = useAsk<Errors>(query("api/errors", { ...time, since: time.since || "1h", service, limit: 10 }), live);
  const instances = useAsk<{ instances: Instance[] }>(query("api/instances", { ...time, service }), live);
  return (
    <>
      <h1>{service} {parameters.environment && <Chip>{parameters.environment}</Chip>}</h1>
      <p class="links">
        <a href={formatAddress("traces", { ...time, service })}>Traces</a> <a href={formatAddress("logs", { ...time, service })}>Logs</a> <a href={formatAddress("errors", { ...time, service })}>Errors</a>{" "}
        <a href={formatAddress("map", time)}>Map</a> <a href={formatAddress("live", { service })}>Live</a>
      </p>
      <Curves path={query("api/series", asked)} live={live} />
      <h2>Operations</h2>
      <Shown answer={operations}>
        {(data) => data.operations.length ? (
          <Table caption={`Operations of ${service}`} items={data.operations} keyOf={identify} to={(o) => operationAddress(o, parameters)} order={{ column: 1, rising: false }}
            columns={[{ title: "Operation", wide: true, by: (o) => o.name, cell: (o) => <a href={operationAddress(o, parameters)}>{o.name}</a> }, impactColumn(), sparkColumn(data), ...sumColumns<(typeof data.operations)[0]>()]} />
        ) : <p class="faint">Nothing was asked of it in this time.</p>}
      </Shown>
      <h2>Errors</h2>
      <Shown answer={errors}>
        {(data) => data.errors.length ? (
          <Table caption={`Errors of ${service}`} items={data.errors} keyOf={(e) => e.group} to={(e) => formatAddress("errors", time, e.group)}
            columns={errorColumns(parameters, { since_us: operations.data?.since_us || 0, until_us: operations.data?.until_us || 1, bucket_us: data.bucket_us })} />
        ) : <p class="good">✓ No error in this time.</p>}
      </Shown>
      <h2>Instances</h2>
      <Shown answer={instances}>{(data) => <InstanceTable instances={data.instances} parameters={parameters} />}</Shown>
    </>
  );
}
