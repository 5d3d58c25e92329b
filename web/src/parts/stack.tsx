// An error's exception: its chain of causes, each with its frames; those of libraries folded.
import { useState } from "preact/hooks";
import type { Json, JsonObject } from "../model";
import { Copy } from "./text";

export function text(value: Json | undefined): string {
  return value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function object(value: Json | undefined): JsonObject {
  return value && typeof value === "object" && !Array.isArray(value) ? value : {};
}

function frameText(frame: JsonObject): string {
  const where = text(frame.filename) || text(frame.abs_path) || text(frame.classname);
  const line = text(frame.lineno);
  return `${text(frame.function) || "(anonymous)"}${where ? ` (${where}${line ? `:${line}` : ""})` : ""}`;
}

function Frames({ frames }: { frames: JsonObject[] }) {
  const [all, setAll] = useState(false);
  const own = frames.filter((frame) => frame.library_frame !== true);
  const shown = all || own.length === 0 ? frames : own;
  return (
    <ol class="frames">
      {shown.map((frame) => (
        <li class={frame.library_frame === true ? "faint" : ""}>
          <code>{frameText(frame)}</code>
          {frame.context_line ? <pre>{text(frame.context_line)}</pre> : null}
        </li>
      ))}
      {shown.length < frames.length && (
        <li>
          <button type="button" class="plain" onClick={() => setAll(true)}>
            {frames.length - shown.length} more of libraries
          </button>
        </li>
      )}
    </ol>
  );
}

function chainOf(exception: JsonObject): JsonObject[] {
  const out = [exception];
  const causes = Array.isArray(exception.cause) ? exception.cause : [];
  for (const cause of causes.slice(0, 20)) out.push(...chainOf(object(cause)));
  return out.slice(0, 20);
}

export function Exception({ error }: { error: JsonObject }) {
  const log = object(error.log);
  const chain = error.exception ? chainOf(object(error.exception)) : [log];
  return (
    <div class="exception">
      {chain.map((exception, index) => {
        const frames = (Array.isArray(exception.stacktrace) ? exception.stacktrace : []).map(object);
        const asText = [`${text(exception.type)}: ${text(exception.message)}`, ...frames.map((frame) => `    at ${frameText(frame)}`)].join("\n");
        return (
          <section>
            <h4>
              {index > 0 && <span class="faint">caused by </span>}
              {[text(exception.type), text(exception.message)].filter(Boolean).join(": ") || "error"}
              {exception.handled === false && <span class="chip bad">unhandled</span>}
              <Copy text={asText} />
            </h4>
            {frames.length ? <Frames frames={frames} /> : <p class="faint">No stack was sent.</p>}
          </section>
        );
      })}
    </div>
  );
}
