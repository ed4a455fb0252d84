// Reads from the control plane. The browser keeps answers with their entity tags and asks only whether they changed.

export class Problem extends Error {}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The control plane does not answer.");
  }
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => null);
  throw new Problem(problem?.detail ?? `The control plane answered ${response.status}.`);
}

const part = encodeURIComponent;
const runPath = run => `api/runs/${part(run)}`;

export const readRuns = (after, signal) => ask(`api/runs?limit=50${after ? `&after=${part(after)}` : ""}`, { signal });
export const readRun = (run, signal) => ask(runPath(run), { signal });
export const readProgress = (run, signal) => ask(`${runPath(run)}/progress`, { signal });
export const readSteps = (run, after, limit, signal) => ask(`${runPath(run)}/steps?after=${after}&limit=${limit}`, { signal });
export const readCurves = (run, after, every, signal) => ask(`${runPath(run)}/curves?after=${after}&every=${every}`, { signal });
export const readAllocation = (run, after, every, limit, signal) => ask(`${runPath(run)}/allocation?after=${after}&every=${every}&limit=${limit}`, { signal });
export const readTasks = (run, step, after, order, signal) => ask(`${runPath(run)}/steps/${part(step)}/tasks?after=${after}&order=${part(order)}`, { signal });
export const readGroup = (run, step, task, signal) => ask(`${runPath(run)}/steps/${part(step)}/tasks/${part(task)}`, { signal });
export const readHealth = signal => ask("api/health", { signal });
export const move = (run, verb) => ask(`${runPath(run)}/${verb}`, { method: "POST" });

/** Calls back with each event until the signal ends it; the browser connects again by itself. */
export function follow(run, signal, onEvent) {
  const state = document.getElementById("stream");
  const source = new EventSource(run ? `api/events?run=${part(run)}` : "api/events");
  source.onopen = () => { state.textContent = "live"; state.className = "live"; };
  source.onerror = () => { state.textContent = "waiting for the control plane"; state.className = "lost"; };
  source.onmessage = event => onEvent(JSON.parse(event.data));
  signal.addEventListener("abort", () => { source.close(); state.textContent = ""; state.className = ""; });
}
