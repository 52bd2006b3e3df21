// Keeps parts of the page true. A part says where its fresh text is and what it is about:
//
//   <section id="appointment-1" data-live="/appointments/1/fragment" data-about="1" data-announce="Confirmed">
//
// The server's hints say only "changed" (their data is what changed, or nothing for everything). A hint, a new
// connection, coming back to the tab, a countdown's end and the clock each lead to the same thing: ask again.
// So a lost hint costs at most half a minute.
import { announce } from "./announce.js";
import { morph } from "./morph.js";

const EVERY_MS = 30_000;
const parts = () => [...document.querySelectorAll("[data-live]")];
const asking = new Map();
let source = null;

async function refresh(part) {
  const id = part.id;
  if (asking.has(id)) {
    asking.set(id, "again");
    return;
  }
  asking.set(id, "once");
  try {
    const asked = Date.now();
    const answer = await fetch(part.dataset.live, { headers: { "x-fragment": "1" }, credentials: "same-origin" });
    if (answer.status === 401 || new URL(answer.url).pathname === "/sign-in") return signedOut();
    if (answer.ok) apply(id, await answer.text(), asked);
  } catch {
    // Offline: the next hint, connection or half minute asks again.
  } finally {
    const again = asking.get(id) === "again";
    asking.delete(id);
    if (again) refresh(document.getElementById(id) ?? part);
  }
}

function apply(id, html, asked) {
  const part = document.getElementById(id);
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById(id);
  if (!part || !fresh) return;
  for (const countdown of fresh.querySelectorAll("[data-countdown]")) countdown.dataset.fetched = String(asked);
  const goesTo = fresh.dataset.goTo;
  if (goesTo && goesTo !== location.pathname) return location.replace(goesTo);
  const said = part.dataset.announce;
  morph(part, fresh);
  if (part.dataset.announce && part.dataset.announce !== said) announce(part.dataset.announce);
  document.dispatchEvent(new CustomEvent("live:updated", { detail: { id } }));
}

function signedOut() {
  disconnect();
  const notice = document.getElementById("signed-out");
  if (!notice || !notice.hidden) return;
  notice.hidden = false;
  announce(notice.textContent.trim());
}

function refreshAll(about) {
  // A part that says nothing about itself (a list) may hold whatever changed.
  for (const part of parts()) if (!about || (part.dataset.about ?? about) === about) refresh(part);
}

function connect() {
  const address = document.body.dataset.liveSource;
  if (!address || source || document.hidden || parts().length === 0) return;
  source = new EventSource(address);
  // The first time, too: what changed between the page's making and now was hinted to nobody.
  source.addEventListener("open", () => refreshAll());
  source.addEventListener("changed", (event) => refreshAll(event.data));
}

function disconnect() {
  source?.close();
  source = null;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return disconnect();
  refreshAll();
  connect();
});
document.addEventListener("countdown:ended", (event) => {
  const part = event.target.closest("[data-live]");
  // The server frees a lapsed hold within a second of its end.
  if (part) setTimeout(() => refresh(part), 1500);
});
window.addEventListener("pagehide", disconnect);
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  refreshAll();
  connect();
});
window.addEventListener("online", () => refreshAll());
setInterval(() => document.hidden || refreshAll(), EVERY_MS);
connect();
