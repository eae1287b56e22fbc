import "uplot/dist/uPlot.min.css";
import "./comparison.css";
import "./menu.ts";
import "./tableView.ts";
import "./chartView.ts";
// Last: it renders the others as soon as it is defined.
import "./app.ts";
