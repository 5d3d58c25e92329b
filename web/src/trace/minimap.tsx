// The whole trace in one strip: every node a line. Dragging chooses the time that the waterfall shows.
import { useEffect, useRef, useState } from "preact/hooks";
import { colour, useTheme } from "../theme";
import { colourOf } from "./colours";
import { setZoom, type State } from "./state";
import { hasFailed, type Tree } from "./tree";

const TALL = 56;

function draw(canvas: HTMLCanvasElement, tree: Tree): void {
  const scale = devicePixelRatio || 1, wide = canvas.clientWidth;
  canvas.width = wide * scale;
  canvas.height = TALL * scale;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(scale, scale);
  const line = Math.max(0.4, Math.min(4, TALL / tree.nodes.length));
  const colours = new Map<string, string>();
  tree.nodes.forEach((node, index) => {
    const name = hasFailed(node) ? "bad" : colourOf(tree.services, node.event?.service);
    if (!colours.has(name)) colours.set(name, colour(name));
    context.fillStyle = colours.get(name) as string;
    context.fillRect((node.start_us / tree.total_us) * wide, (index / tree.nodes.length) * TALL, Math.max(1, (node.duration_us / tree.total_us) * wide), line);
  });
}

export function Minimap({ tree, state }: { tree: Tree; state: State }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const place = canvas.current as HTMLCanvasElement;
    draw(place, tree);
    const watcher = new ResizeObserver(() => draw(place, tree));
    watcher.observe(place);
    return () => watcher.disconnect();
  }, [tree, theme]);
  const at = (event: PointerEvent) => {
    const box = (canvas.current as HTMLCanvasElement).getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const end = () => {
    if (drag && Math.abs(drag[1] - drag[0]) > 0.004) setZoom({ from_us: Math.min(...drag) * tree.total_us, to_us: Math.max(...drag) * tree.total_us }, tree.total_us);
    setDrag(null);
  };
  const left = (drag ? Math.min(...drag) : state.zoom.from_us / tree.total_us) * 100, right = (drag ? Math.max(...drag) : state.zoom.to_us / tree.total_us) * 100;
  return (
    <div class="minimap" title="Drag to zoom in; double click shows all"
      onPointerDown={(event) => {
        (event.currentTarget as Element).setPointerCapture(event.pointerId);
        setDrag([at(event), at(event)]);
      }}
      onPointerMove={(event) => drag && setDrag([drag[0], at(event)])} onPointerUp={end} onPointerCancel={() => setDrag(null)} onDblClick={() => setZoom(null, tree.total_us)}>
      <canvas ref={canvas} height={TALL} aria-hidden="true" />
      <div class="shade" style={{ left: "0", width: `${left}%` }} />
      <div class="shade" style={{ left: `${right}%`, right: "0" }} />
    </div>
  );
}
