// Theme at once, without a page load, and this device's time zone for the server to write times in.
const YEAR = 60 * 60 * 24 * 365;

function remember(name, value) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.name !== "theme") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  remember("theme", button.value);
  if (button.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = button.value;
  for (const other of button.form.querySelectorAll('[name="theme"]')) {
    other.setAttribute("aria-pressed", String(other === button));
  }
}, true);

// A zone that someone chose by hand (data-zone-chosen) is left alone.
const body = document.body;
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (here && body.dataset.zone && !("zoneChosen" in body.dataset) && here !== body.dataset.zone) {
  const known = document.cookie.split("; ").some((pair) => pair === `zone=${encodeURIComponent(here)}`);
  remember("zone", here);
  // Only where times are shown for choosing, and only once: a server that keeps another zone has its reasons.
  if (!known && document.querySelector("[data-zone-matters]")) location.reload();
}
