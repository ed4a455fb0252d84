// One run, live.

import { el, link, number, table } from "./dom.js";
import { duration, percent, ratio, small, whole } from "./format.js";
import { follow, move, readAllocation, readCurves, readHealth, readProgress, readRun, readSteps } from "./api.js";
import { HeatMap, LineChart } from "./chart.js";
import { state } from "./runs.js";

const POINTS = 1000, COLUMNS = 250, LATEST = 12;
const stepPath = (run, step) => `#/runs/${encodeURIComponent(run)}/steps/${step}`;

export async function showRun(main, id, signal) {
  const view = new RunView(id, signal);
  const [run, health] = await Promise.all([readRun(id, signal), readHealth(signal)]);
  view.changes = health.changes;
  main.replaceChildren(...view.elements(id));
  view.update(run);
  await Promise.all([view.readCharts(run), view.readProgress()]);
  follow(id, signal, event => view.take(event));
}

class RunView {
  constructor(id, signal) {
    const open = step => { location.hash = stepPath(id, step); };
    Object.assign(this, { id, signal, points: [], columns: [], wanted: false });
    this.heading = el("div", { class: "heading" });
    this.totals = el("dl", { class: "tiles" });
    this.progress = el("section", { "aria-label": "Now" });
    this.workers = el("section", { "aria-label": "Workers" });
    this.latest = el("section", { "aria-label": "Latest steps" });
    this.reward = new LineChart("Reward", "mean over tasks; dots: held-out evaluation", [
      { name: "reward", className: "s1", value: p => p.reward },
      { name: "evaluation", className: "s2", dots: true, value: p => p.evaluation }], { onPick: open, format: ratio });
    this.ratios = new LineChart("Effective ratios", "share of rollouts, and of groups, with a gradient; dashed: as planned", [
      { name: "gradient", className: "s1", value: p => p.effectiveGradientRatio },
      { name: "prompt", className: "s2", value: p => p.effectivePromptRatio },
      { name: "gradient planned", className: "s1 planned", value: p => p.predictedGradientRatio },
      { name: "prompt planned", className: "s2 planned", value: p => p.predictedPromptRatio }], { onPick: open, format: ratio, range: [0, 1] });
    this.work = new LineChart("Rollouts", "of each step", [{ name: "rollouts", className: "s1", value: p => p.rollouts || null }, { name: "errored", className: "s3", value: p => p.rollouts ? p.erroredRollouts : null }], { onPick: open, format: small });
    this.heat = new HeatMap("Allocation", "rollouts by predicted success rate p (up) and step", open);
  }

  elements(id) {
    return [el("h1", null, id), this.heading, this.totals, this.progress,
      el("div", { class: "charts" }, this.reward.element, this.heat.element, this.ratios.element, this.work.element), this.workers, this.latest];
  }

  update(run) {
    this.run = run;
    const moves = { running: ["pause", "cancel"], paused: ["resume", "cancel"], failed: ["resume"] }[run.state] ?? [];
    this.heading.replaceChildren(state(run), ` ${run.phase}`, run.reason ? el("span", { class: "reason" }, run.reason) : "",
      el("span", { class: "moves" }, this.changes ? moves.map(verb => el("button", { type: "button", onclick: () => this.move(verb) }, verb)) : []));
    const totals = run.totals;
    const tile = (name, value) => el("div", null, el("dt", null, name), el("dd", null, value));
    this.totals.replaceChildren(
      tile("step", `${whole(run.step)} of ${whole(run.steps)}`), tile("policy version", run.policyVersion ?? "–"), tile("rollouts", whole(totals.rollouts)), tile("tokens", whole(totals.tokens)),
      tile("effective-gradient ratio", ratio(totals.effectiveGradientRatio)), tile("effective-prompt ratio", ratio(totals.effectivePromptRatio)),
      tile("GPU time", duration(totals.gpuSeconds)), tile("estimated cost", totals.estimatedUsd === null ? "–" : `$${totals.estimatedUsd.toFixed(2)}`));
  }

  async move(verb) {
    if (verb === "cancel" && !confirm("Cancel this run for good? Its work is kept.")) return;
    try {
      this.update(await move(this.id, verb));
    } catch (problem) {
      this.heading.append(el("span", { class: "reason", role: "alert" }, problem.message));
    }
  }

  /** An event says that something changed; what it is, is read. While reading, further events wait as one. */
  async take(event) {
    this.update(event.run);
    if (this.reading) { this.wanted = true; return; }
    this.reading = true;
    try {
      do {
        this.wanted = false;
        await Promise.all([this.readCharts(this.run), this.readProgress()]);
      } while (this.wanted);
    } catch (problem) {
      if (!this.signal.aborted) this.progress.replaceChildren(el("p", { class: "reason", role: "alert" }, problem.message));
    } finally {
      this.reading = false;
    }
  }

  async readCharts(run) {
    // One beyond the last finished step may be planned, and even collected, already.
    const last = run.step + 1;
    const [everyPoint, everyColumn] = [POINTS, COLUMNS].map(most => Math.ceil(run.steps / most));
    const before = Math.max(0, last - LATEST);
    await Promise.all([
      readCurves(this.id, this.points.at(-1)?.step ?? 0, everyPoint, this.signal).then(points => this.drawCurves(points)),
      readAllocation(this.id, this.columns.at(-1)?.step ?? 0, everyColumn, COLUMNS, this.signal).then(columns => this.drawAllocation(columns)),
      readSteps(this.id, before, LATEST + 1, this.signal).then(steps => this.latest.replaceChildren(el("h2", null, "Latest steps"), latestTable(this.id, steps.toReversed())))]);
  }

  drawCurves(points) {
    this.points.push(...points);
    for (const chart of [this.reward, this.ratios, this.work]) chart.set(this.points);
  }

  drawAllocation(columns) {
    this.columns.push(...columns);
    this.heat.set(this.columns.filter(column => column.tasks.some(count => count > 0)));
  }

  async readProgress() {
    const now = await readProgress(this.id, this.signal);
    const ended = ["completed", "failed", "cancelled"].includes(this.run.state);
    this.progress.replaceChildren(
      el("h2", null, ended ? "Last step" : "Now"),
      el("p", null, now.items === 0 ? `Step ${now.step} is not planned yet.` : [link(stepPath(this.id, now.step), `Step ${now.step}`),
        `${now.round > 1 || !now.isLastRound ? `, round ${now.round}${now.isLastRound ? " (last)" : ""}` : ""}: ${now.done} of ${now.items} work items done, ${now.failed} failed, ${now.waiting} waiting or in work; lag ${now.lag}`]),
      now.items === 0 || ended ? "" : el("progress", { max: now.items, value: now.done + now.failed, "aria-label": "work items of the step" }),
      now.queues.some(queue => queue.messages !== null) ? el("p", null, "Messages in queues: ", now.queues.filter(queue => queue.messages !== null).map(queue => `${queue.name} ${whole(queue.messages)}`).join(", ")) : "",
      ...now.limits.filter(limit => limit.limit !== null).map(limit => el("p", null, `${limit.name}: ${small(limit.used)} of at most ${small(limit.limit)} (${percent(limit.used / limit.limit)}) `,
        el("meter", { max: limit.limit, value: limit.used, high: 0.9 * limit.limit, "aria-label": `${limit.name} used` }))));
    this.workers.replaceChildren(now.workers.length === 0 ? "" : table("Workers of the items that came last", ["worker", number("items"), number("rollouts"), number("tokens"), number("generation")],
        now.workers.map(worker => [worker.name, number(whole(worker.items)), number(whole(worker.rollouts)), number(whole(worker.tokens)), number(duration(worker.seconds))])));
  }
}

const latestTable = (run, steps) => table("Newest first", ["step", number("reward"), number("groups"), number("mixed"), number("rollouts"), number("gradient ratio"), number("planned"), number("errored"), number("generation"), "evaluation"],
  steps.map(step => [link(stepPath(run, step.step), String(step.step)), number(ratio(step.meanReward)), number(whole(step.groups)), number(whole(step.mixedGroups)), number(whole(step.rollouts)),
    number(ratio(step.effectiveGradientRatio)), number(ratio(step.predicted.effectiveGradientRatio)), number(whole(step.erroredRollouts)), number(duration(step.generationSeconds)), step.evaluation ? ratio(step.evaluation.meanReward) : ""]));
