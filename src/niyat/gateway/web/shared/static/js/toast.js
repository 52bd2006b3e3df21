// Toasts can be put away, and are read out once. They do not vanish on their own: people read at their own pace.
import { announce } from "./announce.js";

const toasts = document.querySelector(".toasts");
if (toasts) {
  const words = [...toasts.querySelectorAll(".toast-text")].map((text) => text.textContent.trim());
  announce(words.join(" "));
  toasts.addEventListener("click", (event) => {
    const toast = event.target.closest(".toast-close")?.closest(".toast");
    if (!toast) return;
    if (toast.contains(document.activeElement)) document.getElementById("main")?.focus({ preventScroll: true });
    toast.remove();
  });
}
