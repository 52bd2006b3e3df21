// Opens the payment provider's window when someone presses "Pay". Its script is loaded only then. Where it does not
// load, the form goes where it goes without JavaScript: to the provider's hosted page.
const loading = new Map();

function load(address) {
  if (!loading.has(address)) {
    loading.set(address, new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = () => { loading.delete(address); reject(new Error("not loaded")); };
      document.head.append(script);
    }));
  }
  return loading.get(address);
}

// The provider's answer goes to our server by a form of our own, so that the next page is an ordinary one.
function report(data, answer) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = data.paid;
  for (const name of ["razorpay_payment_id", "razorpay_order_id", "razorpay_signature"]) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: answer[name] ?? "" }));
  }
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "csrf", value: data.csrf }));
  document.body.append(form);
  form.submit();
}

async function open(form) {
  const data = { ...form.dataset };
  try {
    await load(data.checkout);
    const checkout = new window.Razorpay({
      key: data.keyId,
      order_id: data.orderId,
      amount: Number(data.amount),
      currency: data.currency,
      name: "Niyat",
      callback_url: data.callbackUrl,
      redirect: false,
      handler: (answer) => report(data, answer),
      modal: { ondismiss: () => location.assign(data.closed) },
    });
    checkout.open();
  } catch {
    form.submit();
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset?.checkout || form.dataset.sending) return;
  event.preventDefault();
  form.dataset.sending = "true";
  event.submitter?.setAttribute("aria-busy", "true");
  open(form).finally(() => {
    delete form.dataset.sending;
    event.submitter?.removeAttribute("aria-busy");
  });
}, true);
