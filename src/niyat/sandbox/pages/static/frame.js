/* The checkout page's own script. In a frame it tells checkout.js what happened; everything works without it. */
"use strict";

(() => {
  const { origin, message, colour } = document.body.dataset;
  const tell = (news) => {
    if (origin && window.parent !== window) window.parent.postMessage({ niyatSandbox: 1, ...news }, origin);
  };

  if (colour) document.documentElement.style.setProperty("--accent", colour);
  if (message) tell(JSON.parse(message));

  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => tell({ type: "dismiss" }));
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tell({ type: "escape" });
  });

  for (const form of document.forms) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  }
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
  const atOnce = document.querySelector("form[data-at-once]");
  if (atOnce) atOnce.submit();
})();
