// Log lines, newest first; each leads to its trace.
import { formatAddress, timeOf, type Parameters } from "../address";
import { query, useAsk } from "../hub";
import type { LogLine, Logs as Answer } from "../model";
import { Filter } from "../parts/filter";
import { Command, Empty, Shown } from "../parts/say";
import { Table } from "../parts/table";
import { Moment } from "../parts/text";
import type { View } from "../view";
import { More } from "./more";

const LEVELS = ["fatal", "critical", "error", "warning", "warn", "info", "information", "debug", "trace"];
const BAD = /^(fatal|critical|error|err|emerg|alert)/i;
const WARN = /^warn/i;

export function Level({ level }: { level: string | undefined }) {
  if (!level) return <span class="faint">–</span>;
  return <span class={`chip ${BAD.test(level) ? "bad" : WARN.test(level) ? "warn" : ""}`}>{level}</span>;
}

export function Logs({ parameters, live }: View) {
  const asked: Parameters = { ...timeOf(parameters), limit: "200" };
  for (const name of ["service", "q", "level", "cursor"]) if (parameters[name]) asked[name] = parameters[name] as string;
  const answer = useAsk<Answer>(query("api/logs", asked), live && !parameters.cursor && window.scrollY < 40);
  return (
    <>
      <Filter parameters={parameters} fields={[
        { name: "q", label: "Words", example: "order failed*", wide: true },
        { name: "service", label: "Service", example: "any" },
        { name: "level", label: "Level", options: [["", "any"], ...LEVELS.map((level): [string, string] => [level, level])] },
      ]} />
      <Shown answer={answer}>
        {(data) => data.logs.length || data.next ? (
          <>
            <Table<LogLine> caption="Log lines" items={data.logs} keyOf={(l) => `${l.at_us}${l.trace_id}${l.message}`} to={(l) => (l.trace_id ? formatAddress("trace", { tab: "logs", at: l.parent_id || l.transaction_id }, l.trace_id) : null)}
              columns={[
                { title: "Time", cell: (l) => <Moment us={l.at_us} fine /> },
                { title: "Level", cell: (l) => <Level level={l.level} /> },
                { title: "Service", cell: (l) => l.service },
                { title: "Message", wide: true, cell: (l) => (l.trace_id ? <a class="quiet" href={formatAddress("trace", { tab: "logs", at: l.parent_id || l.transaction_id }, l.trace_id)}>{l.message || "(nothing)"}</a> : l.message) },
                { title: "Logger", minor: true, cell: (l) => <span class="faint">{l.logger}</span> },
              ]} />
            {data.partial && <p class="faint">Only a part was looked at.</p>}
            <More next={data.next} />
          </>
        ) : (
          <Empty title="No log line is like that">
            <p><code>azimuth run</code> sends what functions log by itself. An Elastic agent sends its app's logs with:</p>
            <Command text="ELASTIC_APM_LOG_SENDING=true" />
          </Empty>
        )}
      </Shown>
    </>
  );
}
