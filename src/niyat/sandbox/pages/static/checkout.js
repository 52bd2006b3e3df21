/* A stand-in for Razorpay's checkout.js: window.Razorpay with the documented options.
   Opens the sandbox's checkout in a frame above the page. Needs no inline style or script of the page:
   its Content-Security-Policy must allow this origin in script-src and frame-src. */
"use strict";

(() => {
  const here = new URL(document.currentScript.src);
  const checkout = new URL("checkout/", here);

  const styled = (element, rules) => {
    for (const [name, value] of Object.entries(rules)) element.style.setProperty(name, value);
    return element;
  };

  /* {prefill: {email: "…"}} becomes prefill[email]=… */
  const addTo = (query, name, value) => {
    if (value === undefined || value === null) return;
    if (typeof value === "object") {
      for (const [part, inner] of Object.entries(value)) addTo(query, `${name}[${part}]`, inner);
    } else {
      query.set(name, String(value));
    }
  };

  const post = (address, fields) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = address;
    for (const [name, value] of Object.entries(fields)) {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name, value });
      form.append(input);
    }
    document.body.append(form);
    form.submit();
  };

  class Razorpay {
    #options;
    #listeners = new Map();
    #reported = new Set();
    #dialog = null;
    #frame = null;
    #clock = null;
    #overflow = "";
    #hear = (event) => this.#receive(event);

    constructor(options) {
      for (const name of ["key", "order_id"]) {
        if (!options || !options[name]) throw new Error(`Razorpay: the option ${name} is missing`);
      }
      this.#options = options;
    }

    on(event, listener) {
      this.#listeners.set(event, [...(this.#listeners.get(event) || []), listener]);
      return this;
    }

    open() {
      if (this.#dialog) return this;
      const { modal = {}, timeout, name } = this.#options;
      this.#frame = styled(document.createElement("iframe"), {
        border: "0",
        width: "min(100%, 27rem)",
        height: "min(100%, 44rem)",
        "border-radius": "0.75rem",
        "background-color": "#fff",
        "color-scheme": "light",
      });
      this.#frame.src = this.#address();
      this.#frame.title = `Payment${name ? ` to ${name}` : ""}`;
      this.#frame.setAttribute("allow", "payment");
      this.#dialog = styled(document.createElement("dialog"), {
        border: "0",
        padding: "0",
        margin: "0",
        width: "100vw",
        height: "100dvh",
        "max-width": "none",
        "max-height": "none",
        "place-items": "center",
        "background-color": "rgb(10 20 30 / 60%)",
      });
      this.#dialog.className = "razorpay-container";
      this.#dialog.setAttribute("aria-label", this.#frame.title);
      this.#dialog.append(this.#frame);
      this.#dialog.addEventListener("cancel", (event) => {
        event.preventDefault();
        this.#escape();
      });
      this.#dialog.addEventListener("close", (event) => {
        if (event.target === this.#dialog) this.#dismiss(true);
      });
      this.#dialog.addEventListener("click", (event) => {
        if (event.target === this.#dialog && modal.backdropclose) this.#dismiss();
      });
      window.addEventListener("message", this.#hear);
      document.body.append(this.#dialog);
      this.#overflow = document.documentElement.style.overflow;
      document.documentElement.style.overflow = "hidden";
      this.#dialog.showModal();
      this.#dialog.style.display = "grid";
      this.#frame.focus();
      if (timeout > 0) this.#clock = setTimeout(() => this.#dismiss(true), timeout * 1000);
      return this;
    }

    /* Takes the checkout away without a word to the page. */
    close() {
      if (!this.#dialog) return this;
      const dialog = this.#dialog;
      this.#dialog = this.#frame = null;
      clearTimeout(this.#clock);
      window.removeEventListener("message", this.#hear);
      dialog.close();
      dialog.remove();
      document.documentElement.style.overflow = this.#overflow;
      return this;
    }

    #address() {
      const address = new URL(encodeURIComponent(this.#options.order_id), checkout);
      const { key, amount, currency, name, description, prefill, notes, theme, retry } = this.#options;
      const again = typeof retry === "object" && retry !== null ? retry.enabled : retry;
      const given = {
        key_id: key, amount, currency, name, description, prefill, notes, theme,
        retry: again === false ? 0 : 1,
        origin: window.location.origin,
      };
      for (const [field, value] of Object.entries(given)) addTo(address.searchParams, field, value);
      return address.href;
    }

    #receive(event) {
      if (event.origin !== here.origin || event.source !== this.#frame?.contentWindow) return;
      const news = event.data;
      if (!news || news.niyatSandbox !== 1) return;
      if (news.type === "paid") this.#succeed(news.response);
      else if (news.type === "failed") this.#fail(news.response);
      else if (news.type === "dismiss") this.#dismiss();
      else if (news.type === "escape") this.#escape();
      else if (news.type === "gone") this.close();
    }

    #succeed(response) {
      const { handler, callback_url: callback, redirect } = this.#options;
      this.close();
      if (callback && (redirect || !handler)) post(callback, response);
      else if (handler) handler(response);
    }

    #fail(response) {
      const { callback_url: callback, redirect } = this.#options;
      const failed = JSON.stringify(response.error);
      if (this.#reported.has(failed)) return; // the same page, shown again
      this.#reported.add(failed);
      if (callback && redirect) {
        this.close();
        const fields = {};
        for (const [name, value] of Object.entries(response.error)) {
          fields[`error[${name}]`] = name === "metadata" ? JSON.stringify(value) : value;
        }
        post(callback, fields);
        return;
      }
      for (const listener of this.#listeners.get("payment.failed") || []) listener(response);
    }

    #escape() {
      const { modal = {} } = this.#options;
      if (modal.escape !== false) this.#dismiss();
    }

    #dismiss(unasked = false) {
      if (!this.#dialog) return;
      const { modal = {} } = this.#options;
      if (modal.confirm_close && !unasked && !window.confirm("Leave without paying?")) return;
      this.close();
      if (modal.ondismiss) modal.ondismiss();
    }
  }

  window.Razorpay = Razorpay;
})();
