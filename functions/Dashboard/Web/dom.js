// Builds elements. Text only ever becomes text: what a task or a model says can never turn into markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined));
  return element;
}

export const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

export const link = (path, ...children) => el("a", { href: path }, ...children);

/** Rows are arrays of cells; a cell is text, an element, or { text, number: true }. */
export function table(caption, heads, rows) {
  const cell = value => value !== null && typeof value === "object" && "number" in value ? el("td", { class: "number" }, value.text) : el("td", null, value ?? "");
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", null,
      el("caption", null, caption),
      el("thead", null, el("tr", null, heads.map(head => el("th", { scope: "col", class: head.number ? "number" : null }, head.text ?? head)))),
      el("tbody", null, rows.map(row => el("tr", null, row.map(cell))))));
}

export const number = text => ({ text, number: true });
