// Numbers and times for people.

export const whole = value => Math.round(value).toLocaleString("en");
export const ratio = value => value === null || value === undefined ? "–" : value.toFixed(3);
export const percent = value => `${Math.round(100 * value)}%`;
export const small = value => value === null || value === undefined ? "–" : Math.abs(value) >= 100 ? whole(value) : Number(value.toPrecision(3)).toString();

export function duration(seconds) {
  if (seconds < 1) return `${small(1000 * seconds)} ms`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export const when = text => new Date(text).toLocaleString("en-GB", { dateStyle: "short", timeStyle: "medium" });
