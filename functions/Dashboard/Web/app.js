// Which view is shown is in the address after '#', so that every view can be linked to and the browser's back works.

import { el, link } from "./dom.js";
import { showRuns } from "./runs.js";
import { showRun } from "./run.js";
import { showStep } from "./step.js";
import { showGroup } from "./group.js";

const main = document.getElementById("main");
const trail = document.getElementById("trail");
let leave = new AbortController();

const routes = [
  [/^#?\/?$/, signal => showRuns(main, null, signal)],
  [/^#\/older\/([^/]+)$/, (signal, after) => showRuns(main, after, signal)],
  [/^#\/runs\/([^/]+)$/, (signal, run) => showRun(main, run, signal)],
  [/^#\/runs\/([^/]+)\/steps\/(\d+)(?:\/order\/(rollouts|value|successRate|task)(?:\/(\d+))?)?$/, (signal, run, step, order, after) => showStep(main, run, step, Number(after ?? 0), order ?? "rollouts", signal)],
  [/^#\/runs\/([^/]+)\/steps\/(\d+)\/tasks\/([^/]+)$/, (signal, run, step, task) => showGroup(main, run, step, task, signal)],
];

function showTrail(hash) {
  const [, , run, , step, , task] = hash.split("/");
  const isRun = hash.startsWith("#/runs/");
  const names = isRun ? [run, step && `step ${step}`, hash.includes("/tasks/") && task] : [];
  const paths = [`#/runs/${run}`, `#/runs/${run}/steps/${step}`, hash];
  trail.replaceChildren(...names.flatMap((name, i) => name ? [" / ", link(paths[i], read(name))] : []));
}

function read(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function show() {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  if (location.hash === "#main") return;
  const found = routes.map(([pattern, view]) => [location.hash.match(pattern), view]).find(([match]) => match);
  showTrail(location.hash);
  try {
    if (!found) throw new Error("There is no such page.");
    await found[1](signal, ...found[0].slice(1).map(part => part && read(part)));
    document.title = `${main.querySelector("h1")?.textContent ?? ""} – KnapsackCloud`;
  } catch (error) {
    if (signal.aborted) return;
    main.replaceChildren(el("h1", null, "This cannot be shown"), el("p", { role: "alert" }, error.message), el("p", null, el("button", { type: "button", onclick: show }, "Try again"), " ", link("#/", "All runs")));
  }
}

addEventListener("hashchange", async () => {
  await show();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
show();
