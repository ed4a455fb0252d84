// One group: its rollouts side by side.

import { el } from "./dom.js";
import { duration, ratio, small } from "./format.js";
import { readGroup } from "./api.js";

/** Log-probs of 0, -0.1, -0.7 ... fall into shades 0 to 5: the higher, the more surprising. */
const shade = logProb => [0.1, 0.35, 0.7, 1.4, 2.8].filter(bound => -logProb > bound).length;

export async function showGroup(main, run, step, task, signal) {
  const group = await readGroup(run, step, task, signal);
  const rewards = group.rollouts.map(rollout => rollout.reward).filter(reward => reward !== null);
  const list = el("div", { class: "rollouts" }, group.rollouts.map(rollout));
  const numbers = el("input", { type: "checkbox", id: "numbers", onchange: event => list.classList.toggle("numbers", event.target.checked) });
  main.replaceChildren(
    el("h1", null, group.task),
    el("p", null, `${group.family ? `Family ${group.family}. ` : ""}Planned ${group.allocation.rollouts} rollouts at an expected success rate of ${ratio(group.allocation.predictedSuccessRate)} and a chance of ${ratio(group.allocation.predictedMixed)} to be mixed. `
      + `${group.rollouts.length} came, mean reward ${rewards.length ? ratio(rewards.reduce((a, b) => a + b, 0) / rewards.length) : "–"}.`),
    el("h2", null, "Prompt"), el("pre", { class: "text" }, group.prompt),
    el("h2", null, "Gold"), el("pre", { class: "text" }, group.gold),
    group.missing.length ? el("ul", null, group.missing.map(one => el("li", null, `Work item ${one.item}: ${one.reason}`))) : "",
    el("h2", null, "Rollouts"),
    el("p", null, numbers, el("label", { for: "numbers" }, " show each token's log-prob"), " (the stronger a token's colour, the less probable it was)"),
    list);
}

function rollout(one) {
  const right = one.reward === null ? "error" : one.reward > 0 ? "right" : "wrong";
  return el("article", { class: `rollout ${right}`, "aria-label": `rollout ${one.index}` },
    el("h3", null, `#${one.index} `, el("span", { class: "reward" }, one.reward === null ? "no reward" : `reward ${small(one.reward)}`)),
    el("pre", { class: "text" }, one.tokens.map(token)),
    el("p", { class: "details" },
      one.error ? el("span", { class: "reason" }, one.error, " ") : "",
      one.parts.length ? `${one.parts.map(part => `${part.name} ${small(part.value)}`).join(", ")}. ` : "",
      `Stopped by ${one.stopReason} after ${one.tokens.length} tokens; log-prob ${small(one.tokens.reduce((sum, t) => sum + t.logProb, 0))}. `,
      `Policy ${one.policy}, seed ${one.seed}, ${one.worker || "unknown worker"}, ${duration(one.seconds)}.`));
}

function token({ id, text, logProb }) {
  const shown = text === null || text === "" ? el("span", { class: "special" }, `⟨${id}⟩`) : text;
  return el("span", { class: `token shade${shade(logProb)}`, title: `token ${id}, log-prob ${logProb.toFixed(3)}`, "data-logprob": logProb.toFixed(2) }, shown);
}
