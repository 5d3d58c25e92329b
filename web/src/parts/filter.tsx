// The line of conditions above a list. What is chosen stands in the address.
import { useEffect, useState } from "preact/hooks";
import { adjust, type Parameters } from "../address";

export interface Field {
  name: string;
  label: string;
  example?: string;
  options?: [string, string][]; // value, text
  wide?: boolean;
}

function valuesOf(fields: Field[], parameters: Parameters): Parameters {
  return Object.fromEntries(fields.map((field) => [field.name, parameters[field.name] || ""]));
}

export function Filter({ fields, parameters }: { fields: Field[]; parameters: Parameters }) {
  const given = valuesOf(fields, parameters);
  const [values, setValues] = useState(given);
  useEffect(() => setValues(given), [JSON.stringify(given)]);
  const apply = (changed: Parameters) => adjust({ ...changed, cursor: "" });
  const any = fields.some((field) => values[field.name]);
  return (
    <form class="filter" role="search" onSubmit={(event) => {
      event.preventDefault();
      apply(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim()])));
    }}>
      {fields.map((field) => (
        <label class={field.wide ? "wide" : ""}>
          {field.label}
          {field.options ? (
            <select name={field.name} value={values[field.name]} onChange={(event) => {
              const next = { ...values, [field.name]: event.currentTarget.value };
              setValues(next);
              apply(next);
            }}>
              {field.options.map(([value, text]) => (
                <option value={value} selected={value === values[field.name]}>{text}</option>
              ))}
            </select>
          ) : (
            <input type="search" name={field.name} placeholder={field.example} autocomplete="off" spellcheck={false} value={values[field.name]} onInput={(event) => setValues({ ...values, [field.name]: event.currentTarget.value })} />
          )}
        </label>
      ))}
      <button type="submit">Find</button>
      {any && (
        <button type="button" class="plain" onClick={() => apply(Object.fromEntries(fields.map((field) => [field.name, ""])))}>
          Clear
        </button>
      )}
    </form>
  );
}
