// A table whose columns can be sorted, and whose rows are links.
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { go } from "../address";

export interface Column<T> {
  title: string;
  cell: (item: T) => ComponentChildren;
  number?: boolean;
  wide?: boolean;
  by?: (item: T) => number | string | null | undefined; // sortable
  hint?: string;
  minor?: boolean; // hidden on a narrow screen
}

function compare(a: number | string | null | undefined, b: number | string | null | undefined): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return typeof a === "string" || typeof b === "string" ? String(a).localeCompare(String(b)) : a - b;
}

interface Order {
  column: number;
  rising: boolean;
}

export function Table<T>({ columns, items, to, keyOf, order: given, caption }: {
  columns: Column<T>[];
  items: T[];
  to?: (item: T) => string | null;
  keyOf: (item: T) => string;
  order?: Order;
  caption: string;
}) {
  const [order, setOrder] = useState<Order | null>(given || null);
  const sorted = useMemo(() => {
    const by = order && columns[order.column]?.by;
    if (!order || !by) return items;
    const sign = order.rising ? 1 : -1;
    return [...items].sort((a, b) => sign * compare(by(a), by(b)));
  }, [items, order]);
  const open = (item: T, event: MouseEvent) => {
    const address = to?.(item);
    if (!address || (event.target as HTMLElement).closest("a, button, input") || String(getSelection())) return;
    if (event.ctrlKey || event.metaKey) window.open(address);
    else go(address);
  };
  const turn = (index: number) => setOrder((old) => ({ column: index, rising: old?.column === index ? !old.rising : typeof (items[0] && columns[index]?.by?.(items[0])) === "string" }));
  return (
    <div class="table-holder" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="hidden-text">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th scope="col" class={classOf(column)} title={column.hint} aria-sort={order?.column === index ? (order.rising ? "ascending" : "descending") : undefined}>
                {column.by ? (
                  <button type="button" class="sorter" onClick={() => turn(index)}>
                    {column.title}
                    <span aria-hidden="true">{order?.column === index ? (order.rising ? " ▲" : " ▼") : ""}</span>
                  </button>
                ) : (
                  column.title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((item) => (
            <tr key={keyOf(item)} class={to ? "opens" : ""} onClick={(event) => open(item, event)}>
              {columns.map((column) => (
                <td class={classOf(column)}>{column.cell(item)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf<T>(column: Column<T>): string {
  return [column.number && "number", column.wide && "wide", column.minor && "minor"].filter(Boolean).join(" ");
}
