// The page's one polite live region. Everything that wants to be heard goes through here.

/** @param {string} text */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (!region || !text) return;
  region.textContent = "";
  // A screen reader hears a change, not a value: the same words twice need a moment of nothing between them.
  setTimeout(() => { region.textContent = text; }, 100);
}
