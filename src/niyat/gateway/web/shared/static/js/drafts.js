// What was typed and chosen in a form marked data-keep survives a reload. Going back is the browser's own business,
// and what was sent is the server's. It is kept in this tab alone, and dropped when the page is opened anew.
const [navigation] = performance.getEntriesByType("navigation");
const reloaded = navigation?.type === "reload";
const KEPT = "input:not([type=hidden]), textarea, select";
const name = (form) => `draft:${location.pathname}:${form.getAttribute("action")}`;

function save(form) {
  const fields = {};
  for (const field of form.querySelectorAll(KEPT)) {
    if (field.type !== "radio") fields[field.name] = field.value;
    else if (field.checked) fields[field.name] = field.value;
  }
  sessionStorage.setItem(name(form), JSON.stringify(fields));
}

function restore(form) {
  const fields = JSON.parse(sessionStorage.getItem(name(form)) ?? "{}");
  for (const field of form.querySelectorAll(KEPT)) {
    if (!(field.name in fields)) continue;
    if (field.type === "radio") field.checked = field.value === fields[field.name];
    else field.value = fields[field.name];
  }
}

for (const form of document.querySelectorAll("form[data-keep]")) {
  try {
    if (reloaded) restore(form);
    else sessionStorage.removeItem(name(form));
    form.addEventListener("input", () => save(form));
    form.addEventListener("submit", () => sessionStorage.removeItem(name(form)));
  } catch {
    // A browser that keeps nothing: then a reload begins anew, as it does without this module.
  }
}
