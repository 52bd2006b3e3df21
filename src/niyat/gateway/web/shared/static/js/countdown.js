// Counts down what the server says is left. It never looks at this device's idea of the date, only at how much time
// has passed here since the answer arrived.
//
// <div class="countdown" data-countdown data-left="272" data-total="300" data-said="2 minutes left" …>
//   .clock holds m:ss; .left is a circle with pathLength 100. data-words is a template with {minutes} and {seconds}.
// At zero the element fires "countdown:ended", which live.js answers by asking the server what is true now.
import { announce } from "./announce.js";

const SPOKEN_AT = [120, 60, 30];
const began = new WeakMap();

function origin() {
  const [navigation] = performance.getEntriesByType("navigation");
  return Date.now() - (performance.now() - (navigation?.responseStart ?? 0));
}
const pageOrigin = origin();

function left(element) {
  const total = Number(element.dataset.left);
  const known = began.get(element);
  if (!known || known.total !== element.dataset.left || known.stamp !== element.dataset.stamp) {
    // data-fetched is set by live.js: the moment at which this fragment was asked for.
    const at = Number(element.dataset.fetched) || pageOrigin;
    began.set(element, { total: element.dataset.left, stamp: element.dataset.stamp, at, spoken: new Set(), ended: false });
  }
  return total - (Date.now() - began.get(element).at) / 1000;
}

function speak(element, seconds) {
  const state = began.get(element);
  for (const mark of SPOKEN_AT) {
    if (seconds > mark || seconds < mark - 3 || state.spoken.has(mark)) continue;
    state.spoken.add(mark);
    const words = mark >= 60 ? element.dataset.sayMinutes : element.dataset.saySeconds;
    announce((words ?? "").replace("{n}", String(mark >= 60 ? mark / 60 : mark)));
  }
}

function show(element) {
  const seconds = Math.max(0, left(element));
  const whole = Math.ceil(seconds);
  const text = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  for (const clock of element.querySelectorAll(".clock")) {
    if (clock.textContent !== text) clock.textContent = text;
  }
  const total = Number(element.dataset.total) || 300;
  element.querySelector("circle.left")?.setAttribute("stroke-dasharray", `${Math.min(100, (seconds / total) * 100)} 100`);
  if (whole <= 60) element.dataset.late = "true";
  if (!element.classList.contains("inline")) speak(element, seconds);
  const state = began.get(element);
  if (seconds > 0 || state.ended) return;
  state.ended = true;
  element.dispatchEvent(new CustomEvent("countdown:ended", { bubbles: true }));
}

function tick() {
  document.querySelectorAll("[data-countdown]").forEach(show);
}

tick();
setInterval(tick, 250);
document.addEventListener("visibilitychange", tick);
document.addEventListener("live:updated", tick);
