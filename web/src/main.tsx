import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import { App } from "./app";
import "./style/colours.css";
import "./style/page.css";
import "./style/parts.css";
import "./style/trace.css";
import { applyTheme } from "./theme";

applyTheme();
render(<App />, document.getElementById("app") as HTMLElement);
