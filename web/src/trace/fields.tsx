// An event's fields, flat and in groups, each with its value to copy; and the whole as it was sent.
import { formatAddress } from "../address";
import type { Json, JsonObject } from "../model";
import { Copy } from "../parts/text";

export interface Field {
  name: string;
  value: string;
}
export interface Group {
  title: string;
  fields: Field[];
}

const MOST = 400;
const LONG = 400;
const SHOWN_ELSEWHERE = new Set(["type", "subtype", "result", "trace_id", "id", "parent_id", "transaction_id", "name", "duration", "timestamp", "@timestamp", "outcome", "exception", "log", "message"]);

function flatten(value: Json, name: string, out: Field[]): void {
  if (out.length >= MOST) return;
  if (value && typeof value === "object" && (Array.isArray(value) ? value.some((each) => each && typeof each === "object") : true)) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, name ? `${name}.${key}` : key, out);
    return;
  }
  out.push({ name, value: Array.isArray(value) ? value.join(", ") : value === null ? "null" : String(value) });
}

const TITLES: { [key: string]: string } = { tags: "Labels", request: "HTTP request", response: "HTTP response", http: "HTTP", db: "Database", message: "Message", destination: "Destination", service: "Service", cloud: "Cloud", user: "User", custom: "Custom", faas: "Function", otel: "OpenTelemetry", process: "Process", system: "Host", labels: "Labels" };

// context.* one level deeper, so that a request and a database statement stand each under a title of its own.
export function groupsOf(event: JsonObject): Group[] {
  const plain: Field[] = [], groups: Group[] = [];
  const add = (key: string, value: Json) => {
    if (!value || typeof value !== "object") {
      flatten(value, key, plain);
      return;
    }
    const fields: Field[] = [];
    flatten(value, "", fields);
    if (fields.length) groups.push({ title: TITLES[key] || key, fields });
  };
  for (const [key, value] of Object.entries(event)) {
    if (SHOWN_ELSEWHERE.has(key)) continue;
    if (key === "context" && value && typeof value === "object" && !Array.isArray(value)) for (const [inner, part] of Object.entries(value)) add(inner, part);
    else add(key, value);
  }
  return plain.length ? [{ title: "Event", fields: plain }, ...groups] : groups;
}

function searchFor(title: string, field: Field): string | null {
  const label = title === "Labels" || (title === "OpenTelemetry" && field.name.startsWith("attributes."));
  return label && field.value.length < 200 ? formatAddress("traces", { attr: `${field.name.replace(/^attributes\./, "")}=${field.value}` }) : null;
}

export function Fields({ groups }: { groups: Group[] }) {
  return (
    <>
      {groups.map((group) => (
        <section class="fields">
          <h4>{group.title}</h4>
          <dl>
            {group.fields.map((field) => {
              const search = searchFor(group.title, field);
              return (
                <>
                  <dt>{field.name}</dt>
                  <dd>
                    <span class={field.value.length > LONG ? "long" : ""}>{field.value}</span>
                    <Copy text={field.value} />
                    {search && <a class="small" href={search} title="Traces with the same value">find</a>}
                  </dd>
                </>
              );
            })}
          </dl>
        </section>
      ))}
    </>
  );
}

export function Raw({ value }: { value: Json }) {
  const text = JSON.stringify(value, null, 2);
  return (
    <details class="raw">
      <summary>As it was sent <Copy text={text} label="copy JSON" /></summary>
      <pre tabIndex={0}>{text}</pre>
    </details>
  );
}
