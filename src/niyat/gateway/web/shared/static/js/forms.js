// A form is sent once. The second press while the first is on its way does nothing, and coming back to the page
// (Back restores it as it was left) makes the form usable again. The server's idempotency key is the real guard;
// this spares people the doubt.
const AGAIN_AFTER_MS = 20_000;

function release(form) {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll('[aria-busy="true"]')) {
    button.removeAttribute("aria-busy");
    if (button.dataset.label) button.querySelector(".button-label").textContent = button.dataset.label;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get") return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "true";
  const button = event.submitter;
  const label = button?.querySelector(".button-label");
  if (button) button.setAttribute("aria-busy", "true");
  if (label && button.dataset.busy) {
    button.dataset.label = label.textContent;
    label.textContent = button.dataset.busy;
  }
  // A network that swallowed the request must not leave a dead form behind.
  setTimeout(() => release(form), AGAIN_AFTER_MS);
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sending]").forEach(release);
});

// After a refusal the first wrong field gets the focus, so nobody has to look for it.
document.querySelector('[data-focus-error] [aria-invalid="true"], [data-focus-error] [data-invalid="true"] input')?.focus();
