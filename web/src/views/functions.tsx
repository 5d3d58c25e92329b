// One row per function, with what cold starts cost; and the same for all operations of services.
import { formatAddress, timeOf } from "../address";
import { count, share } from "../format";
import { query, useAsk } from "../hub";
import type { Operation, Operations } from "../model";
import { Filter } from "../parts/filter";
import { Empty, NothingYet, Shown } from "../parts/say";
import { Table, type Column } from "../parts/table";
import { Ago, Chip, Duration } from "../parts/text";
import type { View } from "../view";
import { identify, impactColumn, operationAddress, sparkColumn, sumColumns } from "./columns";

export function LastError({ operation, time }: { operation: Operation; time: { [name: string]: string } }) {
  const last = operation.last_error;
  if (!last) return <span class="faint">–</span>;
  return (
    <>
      <a href={formatAddress("errors", time, last.group)}>{last.message || "(no message)"}</a> <span class="faint small"><Ago us={last.at_us} /></span>
    </>
  );
}

export function coldColumns(): Column<Operation>[] {
  return [
    { title: "Cold starts", number: true, by: (o) => o.cold?.count, hint: "how many, their share, and the average duration of cold and of warm invocations",
      cell: (o) => o.cold ? <><span title={`${o.cold.count} of ${o.requests} invocations`}>{count(o.cold.count)} <span class="faint">({share(o.cold.ratio)})</span></span>{o.cold.count > 0 && <div class="small"><Duration us={o.cold.avg_us} /> <span class="faint">/ <Duration us={o.warm?.avg_us} /></span></div>}</> : "–" },
  ];
}

export function Functions({ parameters, live }: View) {
  const time = timeOf(parameters);
  const all = parameters.all === "true";
  const answer = useAsk<Operations>(query("api/operations", { ...time, service: parameters.service, functions: !all }), live);
  return (
    <>
      <Filter parameters={parameters} fields={[
        { name: "service", label: "Service", example: "any" },
        { name: "all", label: "Show", options: [["", "functions"], ["true", "all operations"]] },
      ]} />
      <Shown answer={answer}>
        {(data) => data.operations.length ? (
          <Table caption={all ? "Operations" : "Functions"} items={data.operations} keyOf={identify} to={(o) => operationAddress(o, parameters)} order={{ column: 2, rising: false }}
            columns={[
              {
                title: all ? "Operation" : "Function", wide: true, by: (o) => o.name,
                cell: (o) => (
                  <>
                    <a href={operationAddress(o, parameters)}>{o.function && !all ? o.function.split("/").pop() : o.name}</a>
                    <div class="faint small">{[o.service, o.function && !all && o.name !== o.function ? o.name : ""].filter(Boolean).join(" · ")}</div>
                  </>
                ),
              },
              { title: "Trigger", minor: true, by: (o) => o.trigger || o.type, cell: (o) => <Chip>{o.trigger || o.type || "?"}</Chip> },
              impactColumn(), sparkColumn<Operation>(data), ...sumColumns<Operation>(), ...coldColumns(),
              { title: "Last error", wide: true, cell: (o) => <LastError operation={o} time={time} /> },
            ]} />
        ) : all || parameters.service ? <Nothing parameters={parameters} /> : <NoFunctions parameters={parameters} />}
      </Shown>
    </>
  );
}

function Nothing({ parameters }: { parameters: View["parameters"] }) {
  return (
    <Empty title="No operation is like that in this time">
      <p><a href={formatAddress("functions", timeOf(parameters))}>All functions</a></p>
    </Empty>
  );
}

// Perhaps there are services that are no functions.
function NoFunctions({ parameters }: { parameters: View["parameters"] }) {
  const others = useAsk<Operations>(query("api/operations", timeOf(parameters)));
  const ever = useAsk<Operations>(query("api/operations", { since: "365d", functions: true }));
  if (others.data?.operations.length && ever.data && !ever.data.operations.length)
    return (
      <Empty title="No functions, but other operations">
        <p><a href={formatAddress("functions", { ...timeOf(parameters), all: "true" })}>Show all operations</a></p>
      </Empty>
    );
  if (!ever.data) return null;
  return <NothingYet what="invocations" />;
}
