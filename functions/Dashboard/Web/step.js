// One step: what was planned and what came out, task by task.

import { el, link, number, table } from "./dom.js";
import { duration, percent, ratio, small, whole } from "./format.js";
import { readTasks } from "./api.js";

const PAGE = 50;
const ORDERS = { rollouts: "most rollouts", value: "highest value", successRate: "lowest success rate", task: "name" };

export async function showStep(main, run, step, after, order, signal) {
  const view = await readTasks(run, step, after, order, signal);
  const path = `#/runs/${encodeURIComponent(run)}/steps/${view.step}`;
  main.replaceChildren(
    el("h1", null, `Step ${view.step}`),
    el("p", { class: "pager" }, view.step > 1 ? link(`#/runs/${encodeURIComponent(run)}/steps/${view.step - 1}`, "← step before") : "", " ", link(`#/runs/${encodeURIComponent(run)}/steps/${view.step + 1}`, "step after →")),
    plan(view), view.summary ? outcome(view.summary) : el("p", null, "It is not collected yet."), learning(view.learning),
    el("h2", null, "Tasks"),
    el("p", { class: "pager" }, "Order: ", Object.entries(ORDERS).map(([key, name]) => key === order ? el("strong", { "aria-current": "true" }, `${name} `) : [link(`${path}/order/${key}`, name), " "])),
    view.tasks === 0 ? el("p", null, "No training task: this step only evaluates.") : tasks(view, path),
    pager(view.tasks, after, order, path));
}

function plan({ allocationPolicy, policy, certificate, items, tasks: count, round, isLastRound }) {
  return el("p", null, `Planned by ${allocationPolicy} for policy version ${policy}: ${whole(count)} tasks in ${whole(items)} work items`,
    round > 1 || !isLastRound ? `, ${round} rounds${isLastRound ? "" : " so far"}` : "",
    `. Spent ${small(certificate.spent)} of ${small(certificate.budget)}; value ${small(certificate.objective)}, certified bound ${small(certificate.upperBound)}, gap ${percent(certificate.gap)}.`);
}

function outcome(summary) {
  const rows = [
    ["effective-gradient ratio", number(ratio(summary.predicted.effectiveGradientRatio)), number(ratio(summary.effectiveGradientRatio))],
    ["effective-prompt ratio", number(ratio(summary.predicted.effectivePromptRatio)), number(ratio(summary.effectivePromptRatio))],
    ["mean reward", number(ratio(summary.predicted.meanReward)), number(ratio(summary.meanReward))],
    ["completion tokens", number(small(summary.predicted.tokens)), number(whole(summary.tokens))],
    ["rollouts without a reward", "", number(whole(summary.erroredRollouts))],
    ["work items given up", "", number(whole(summary.failedItems.length))],
  ];
  if (summary.evaluation) rows.push([`held-out evaluation (${summary.evaluation.tasks} tasks, ${summary.evaluation.samples} samples)`, "", number(ratio(summary.evaluation.meanReward))]);
  return el("div", { class: "beside" },
    table("Expected and come out", ["", number("expected"), number("came out")], rows),
    table("By family", ["family", number("groups"), number("mixed"), number("rollouts"), number("reward")],
      summary.families.map(one => [one.family || "–", number(whole(one.groups)), number(whole(one.mixedGroups)), number(whole(one.rollouts)), number(ratio(one.meanReward))])));
}

const learning = learnt => learnt === null ? "" : el("p", null, `Learnt as policy version ${learnt.version} from ${whole(learnt.rows)} rollouts in ${learnt.updates} updates and ${duration(learnt.seconds)}: `
  + `loss ${small(learnt.loss)}, gradient norm ${small(learnt.gradientNorm)}, clipped ${percent(learnt.clipFraction)}, entropy ${small(learnt.entropy)} nats, largest log-prob mismatch ${small(learnt.maxLogProbMismatch)}.`
  + (learnt.accumulatedRows > 0 ? ` The gradients of ${whole(learnt.accumulatedRows)} rollouts wait for the update of a later step.` : ""));

const tasks = (view, path) => table(`Tasks of step ${view.step}`,
  ["task", "family", number("expected p"), number("chance of mixed"), number("value"), number("cost"), number("rollouts"), number("reward"), "group"],
  view.rows.map(row => [link(`${path}/tasks/${encodeURIComponent(row.task)}`, row.task), row.family || "–", number(ratio(row.successRate)), number(ratio(row.predictedMixed)), number(small(row.value)), number(small(row.cost)),
    number(whole(row.rollouts)), number(row.outcome ? ratio(row.outcome.reward) : ""), row.outcome ? `${row.outcome.mixed ? "mixed" : "uniform"}${row.outcome.errored ? `, ${row.outcome.errored} errored` : ""}` : "open to see"]));

function pager(count, after, order, path) {
  if (count <= PAGE) return "";
  const page = (to, text) => link(`${path}/order/${order}/${to}`, text);
  return el("p", { class: "pager" }, after > 0 ? page(Math.max(0, after - PAGE), "← page before") : "", ` ${whole(after + 1)} to ${whole(Math.min(count, after + PAGE))} of ${whole(count)} `, after + PAGE < count ? page(after + PAGE, "page after →") : "");
}
