import { useEffect, useRef } from "preact/hooks";
import { PLACES } from "./places";

const TRACE_KEYS: [string, string][] = [
  ["↓ ↑", "next, previous span"], ["→ ←", "open, close; ← again: to the parent"], ["e E", "next, previous failed span"], ["f", "find in the trace"], ["n N", "next, previous found"],
  ["+ −", "zoom in, out"], ["0", "all of the time"], ["z", "zoom to the span"], ["c", "critical path"], ["Esc", "close the panel"],
];

export function Help({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={close} aria-label="Keys">
      <h2>Keys</h2>
      <dl class="keys">
        <dt><kbd>/</kbd></dt><dd>find</dd>
        <dt><kbd>?</kbd></dt><dd>this list</dd>
        {PLACES.map((place) => <><dt><kbd>g</kbd> <kbd>{place.key}</kbd></dt><dd>{place.title}</dd></>)}
      </dl>
      <h3>In a trace</h3>
      <dl class="keys">{TRACE_KEYS.map(([keys, what]) => <><dt>{keys.split(" ").map((key) => <kbd>{key}</kbd>)}</dt><dd>{what}</dd></>)}</dl>
      <form method="dialog"><button type="submit">Close</button></form>
    </dialog>
  );
}
