// The keys of a trace. The list is shown by "?" (help.tsx).
import { useEffect, useRef } from "preact/hooks";

export interface Acts {
  move: (by: number) => void;
  open: (open: boolean) => void;
  nextError: (by: 1 | -1) => void;
  nextFound: (by: 1 | -1) => void;
  zoom: (factor: number) => void; // 0: all
  zoomTo: () => void;
  critical: () => void;
  find: () => void;
  close: () => void;
}

function act(acts: Acts, key: string): boolean {
  switch (key) {
    case "ArrowDown": case "j": acts.move(1); return true;
    case "ArrowUp": case "k": acts.move(-1); return true;
    case "PageDown": acts.move(20); return true;
    case "PageUp": acts.move(-20); return true;
    case "Home": acts.move(-1e9); return true;
    case "End": acts.move(1e9); return true;
    case "ArrowRight": acts.open(true); return true;
    case "ArrowLeft": acts.open(false); return true;
    case "e": acts.nextError(1); return true;
    case "E": acts.nextError(-1); return true;
    case "n": acts.nextFound(1); return true;
    case "N": acts.nextFound(-1); return true;
    case "+": case "=": acts.zoom(0.6); return true;
    case "-": acts.zoom(1.6); return true;
    case "0": acts.zoom(0); return true;
    case "z": acts.zoomTo(); return true;
    case "c": acts.critical(); return true;
    case "f": acts.find(); return true;
    case "Escape": acts.close(); return true;
    default: return false;
  }
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
}

export function useTraceKeys(acts: Acts): void {
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const element = event.target as HTMLElement;
      if (element.closest?.(".panel, .table-holder") && event.key.length > 1 && event.key !== "Escape") return; // they scroll
      if (act(latest.current, event.key)) event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
