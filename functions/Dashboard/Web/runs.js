// The list of runs.

import { el, link, number, table } from "./dom.js";
import { ratio, when, whole } from "./format.js";
import { follow, readRuns } from "./api.js";

export const runLink = (run, ...children) => link(`#/runs/${encodeURIComponent(run)}`, ...children);
export const state = run => el("span", { class: `state ${run.state}` }, run.state);

const row = run => [
  runLink(run.id, run.id), state(run), number(`${whole(run.step)} of ${whole(run.steps)}`), run.state === "running" ? run.phase : run.reason ?? "",
  number(whole(run.totals.rollouts)), number(ratio(run.totals.effectiveGradientRatio)), number(ratio(run.totals.effectivePromptRatio)), when(run.updatedAt),
];

const heads = ["run", "state", number("step"), "phase or reason", number("rollouts"), number("effective-gradient ratio"), number("effective-prompt ratio"), "last change"];

export async function showRuns(main, after, signal) {
  const runs = await readRuns(after, signal);
  const list = el("div");
  const draw = page => list.replaceChildren(
    page.length === 0 && !after ? el("p", null, "There is no run yet. Start one with ", el("code", null, "knapsack run"), " or ", el("code", null, "POST /api/runs"), ".") : table("Runs, those started last first", heads, page.map(row)),
    page.length === 50 ? el("p", null, link(`#/older/${encodeURIComponent(page.at(-1).id)}`, "Earlier runs")) : "");
  draw(runs);
  main.replaceChildren(el("h1", null, "Runs"), list);
  if (!after) follow(null, signal, draw);
}
