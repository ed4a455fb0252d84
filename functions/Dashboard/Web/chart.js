// Line charts and a heat map as SVG, drawn to the width they have. Both can be read with the pointer and with the arrow keys.

import { el, svg } from "./dom.js";
import { small } from "./format.js";

const HEIGHT = 190, LEFT = 44, RIGHT = 20, TOP = 10, BOTTOM = 24;
/** Of more points than this the running mean is drawn too, or the noise would hide the course. */
const NOISY = 150;

/** Means over the points around each; [x, value] pairs. */
function runningMean(points) {
  const reach = Math.ceil(points.length / 80);
  return points.map(([x], i) => {
    const around = points.slice(Math.max(0, i - reach), i + reach + 1);
    return [x, around.reduce((sum, [, value]) => sum + value, 0) / around.length];
  });
}

/** Round numbers that cover a range in about n steps. */
function ticks(low, high, n) {
  const rough = (high - low) / n || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= rough);
  const found = [];
  for (let t = Math.ceil(low / step) * step; t <= high + step / 1e6; t += step) found.push(Number(t.toPrecision(12)));
  return found;
}

/** A figure that redraws itself: draw(width) gives SVG children, describe(index) a line of text. */
class Figure {
  constructor(title, explanation, onPick) {
    this.cursor = null;
    this.onPick = onPick;
    this.drawing = svg("svg", { height: HEIGHT, tabindex: "0", role: "img", "aria-label": `${title}. ${explanation} Arrow keys move through the steps, Enter opens one.` });
    this.readout = el("p", { class: "readout", "aria-live": "polite" });
    this.legend = el("div", { class: "legend" });
    this.element = el("figure", { class: "chart" }, el("figcaption", null, el("strong", null, title), " ", explanation), this.legend, this.drawing, this.readout);
    this.drawing.addEventListener("pointermove", event => this.point(event.offsetX));
    this.drawing.addEventListener("pointerleave", () => this.show(null));
    this.drawing.addEventListener("click", () => this.pick());
    this.drawing.addEventListener("keydown", event => this.key(event));
    new ResizeObserver(() => this.redraw()).observe(this.drawing);
  }

  redraw() {
    const width = this.drawing.clientWidth;
    if (width > 0) this.drawing.replaceChildren(...this.draw(width));
    this.show(this.cursor);
  }

  point(x) {
    const steps = this.steps();
    if (steps.length === 0) return;
    let best = 0;
    steps.forEach((step, i) => { if (Math.abs(this.x(step) - x) < Math.abs(this.x(steps[best]) - x)) best = i; });
    this.show(best);
  }

  key(event) {
    const last = this.steps().length - 1;
    const to = { ArrowLeft: (this.cursor ?? last + 1) - 1, ArrowRight: (this.cursor ?? -1) + 1, Home: 0, End: last }[event.key];
    if (to !== undefined && last >= 0) {
      event.preventDefault();
      this.show(Math.min(last, Math.max(0, to)));
    } else if (event.key === "Enter") this.pick();
    else if (event.key === "Escape") this.show(null);
  }

  pick() {
    if (this.cursor !== null) this.onPick?.(this.steps()[this.cursor]);
  }

  show(index) {
    this.cursor = index;
    this.drawing.querySelector(".cursor")?.remove();
    const step = index === null ? undefined : this.steps()[index];
    this.readout.textContent = step === undefined ? "\u00a0" : `step ${step}: ${this.describe(index)}`;
    if (step === undefined) return;
    const x = this.x(step);
    this.drawing.append(svg("line", { class: "cursor", x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }));
  }

  axis(width, first, last) {
    this.x = step => LEFT + (last === first ? 0.5 : (step - first) / (last - first)) * (width - LEFT - RIGHT);
    return ticks(first, last, Math.max(4, width / 120)).filter(Number.isInteger)
      .map(step => svg("text", { class: "tick", x: this.x(step), y: HEIGHT - 6, "text-anchor": "middle" }, String(step)));
  }
}

export class LineChart extends Figure {
  /** @param series name, className, value(point) or null where there is none, dots: true for points without a line */
  constructor(title, explanation, series, { onPick, format, range } = {}) {
    super(title, explanation, onPick);
    Object.assign(this, { series, format, range, points: [] });
    this.legend.append(...series.map(one => el("span", { class: one.className }, one.name)));
  }

  set(points) {
    this.points = points;
    this.redraw();
  }

  steps() { return this.points.map(point => point.step); }

  describe(index) {
    return this.series.map(one => [one.name, one.value(this.points[index])]).filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => `${name} ${this.format(value)}`).join(", ");
  }

  draw(width) {
    const values = this.points.flatMap(point => this.series.map(one => one.value(point))).filter(value => value !== null && value !== undefined);
    if (values.length === 0) return [svg("text", { class: "tick", x: LEFT, y: HEIGHT / 2 }, "nothing yet")];
    const [low, high] = this.range ?? [0, Math.max(...values) * 1.05 || 1];
    const y = value => TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
    const steps = this.axis(width, this.points[0].step, this.points.at(-1).step);
    const grid = ticks(low, high, 5).map(value => [
      svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, small(value))]);
    return [...grid.flat(), ...steps, ...this.series.flatMap(one => this.drawSeries(one, y))];
  }

  drawSeries(one, y) {
    const found = this.points.map(point => [this.x(point.step), one.value(point)]).filter(([, value]) => value !== null && value !== undefined);
    const dots = one.dots || found.length === 1 ? found.map(([x, value]) => svg("circle", { class: `dot ${one.className}`, cx: x, cy: y(value), r: 3 })) : [];
    const line = (points, className) => svg("polyline", { class: `line ${one.className} ${className}`, points: points.map(([x, value]) => `${x.toFixed(1)},${y(value).toFixed(1)}`).join(" ") });
    if (found.length > NOISY && !one.dots) return [line(found, "noise"), line(runningMean(found), "")];
    return one.dots && found.length < 2 ? dots : [line(found, ""), ...dots];
  }
}

/** Share of a step's rollouts in each success-rate bucket, a column a step. */
export class HeatMap extends Figure {
  constructor(title, explanation, onPick) {
    super(title, explanation, onPick);
    this.columns = [];
    this.legend.append(el("span", { class: "shade" }, "share of the step's rollouts: none"), el("span", { class: "shade full" }, "half or more"));
  }

  set(columns) {
    this.columns = columns;
    this.redraw();
  }

  steps() { return this.columns.map(column => column.step); }

  describe(index) {
    const { rollouts, tasks } = this.columns[index];
    return rollouts.map((count, bucket) => count > 0 ? `p ${(bucket / 10).toFixed(1)}–${((bucket + 1) / 10).toFixed(1)}: ${count} rollouts of ${tasks[bucket]} tasks` : null)
      .filter(text => text !== null).join("; ");
  }

  draw(width) {
    if (this.columns.length === 0) return [svg("text", { class: "tick", x: LEFT, y: HEIGHT / 2 }, "nothing yet")];
    const [first, last] = [this.columns[0].step, this.columns.at(-1).step];
    const steps = this.axis(width, first, last);
    const inner = (width - LEFT - RIGHT) / Math.max(1, this.columns.length);
    const height = (HEIGHT - TOP - BOTTOM) / 10;
    const cells = this.columns.flatMap((column, i) => {
      const sum = column.rollouts.reduce((a, b) => a + b, 0) || 1;
      return column.rollouts.map((count, bucket) => count === 0 ? null : svg("rect", {
        class: "cell", x: LEFT + i * inner, y: TOP + (9 - bucket) * height, width: inner + 0.3, height: height - 0.5, "fill-opacity": (0.08 + 0.92 * Math.min(1, 2 * count / sum)).toFixed(2),
      })).filter(cell => cell !== null);
    });
    this.x = step => LEFT + (this.columns.findIndex(column => column.step >= step) + 0.5) * inner;
    const rates = [0, 0.2, 0.4, 0.6, 0.8, 1].map(p => svg("text", { class: "tick", x: LEFT - 6, y: TOP + (1 - p) * 10 * height + 4, "text-anchor": "end" }, p.toFixed(1)));
    return [svg("rect", { class: "ground", x: LEFT, y: TOP, width: width - LEFT - RIGHT, height: 10 * height }), ...cells, ...rates, ...steps];
  }
}
