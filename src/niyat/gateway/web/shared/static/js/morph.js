// Makes `old` equal to `fresh` while keeping every element that can be kept: same id, or same place and kind.
// The focused element is never replaced, and what a person typed or chose is never overwritten. What a form was refused
// for stays as well: the fresh page knows nothing of it, and whoever reads it is still to mend it.

const TYPED = new Set(["value", "checked", "selected", "open", "data-sending", "aria-busy", "aria-invalid", "aria-describedby"]);
const REFUSED = '[role="alert"], .error';

function alike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id ?? "") === (b.id ?? "");
}

function syncAttributes(old, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (!TYPED.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!TYPED.has(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
}

function look(node) {
  return node instanceof Element ? ["class", "href", "name"].map((name) => node.getAttribute(name)).join(" ") : "";
}

function counterpart(node, candidates) {
  if (node.id) return candidates.find((other) => other.id === node.id);
  // What looks the same first: else a part that goes would be made into its neighbour, and that one, with whatever
  // has the focus inside, would go in its place.
  const likely = candidates.filter((other) => alike(other, node));
  return likely.find((other) => look(other) === look(node))
    ?? likely.find((other) => !other.contains(document.activeElement))
    ?? likely[0];
}

/** @param {Element} old @param {Element} fresh */
export function morph(old, fresh) {
  syncAttributes(old, fresh);
  const rest = [...old.childNodes];
  let cursor = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const kept = counterpart(next, rest);
    if (!kept) {
      old.insertBefore(next, cursor);
      continue;
    }
    rest.splice(rest.indexOf(kept), 1);
    if (kept === cursor) cursor = cursor.nextSibling;
    // Moving a node takes the focus from whatever is inside, so what holds the focus stays where it is.
    else if (!kept.contains(document.activeElement)) old.insertBefore(kept, cursor);
    // The text inside a text area is what was typed there when the page was made.
    if (kept.nodeName === "TEXTAREA") syncAttributes(kept, next);
    else if (kept.nodeType === Node.ELEMENT_NODE) morph(kept, next);
    else if (kept.nodeValue !== next.nodeValue) kept.nodeValue = next.nodeValue;
  }
  for (const gone of rest) {
    if (gone instanceof Element && gone.matches(REFUSED)) continue;
    if (gone.contains(document.activeElement) && document.activeElement !== document.body) rescue(gone);
    gone.remove();
  }
}

// The control that had the focus is no longer there: the part it was in takes the focus, so the place is kept.
function rescue(gone) {
  const region = gone.parentElement?.closest("[data-live]") ?? document.getElementById("main");
  if (!region) return;
  if (!region.hasAttribute("tabindex")) region.setAttribute("tabindex", "-1");
  region.focus({ preventScroll: true });
}
