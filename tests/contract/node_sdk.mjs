// The vendor's official SDK for Node against the sandbox: started by test_sandbox_node.py, prints one line of JSON.
import { createRequire } from "node:module";

const [where, address, keyId, keySecret, paymentId, disputeId, settlementId] = process.argv.slice(2);
const Razorpay = createRequire(`${where}/`)("razorpay");
const shop = new Razorpay({ key_id: keyId, key_secret: keySecret });
shop.api.rq.defaults.baseURL = address; // the SDK has no option for it

const seen = {};
const order = await shop.orders.create({ amount: 50000, currency: "INR", receipt: "visit-77", notes: { visit: "नियत 7/2" } });
seen.order = await shop.orders.fetch(order.id);
seen.found = (await shop.orders.all({ receipt: "visit-77" })).items.map((one) => one.id);
seen.attempts = (await shop.orders.fetchPayments(order.id)).count;
seen.captured = await shop.payments.capture(paymentId, 50000, "INR");
seen.refund = await shop.payments.refund(paymentId, { amount: 20000, speed: "optimum", notes: { why: "moved" } });
seen.refunds = (await shop.refunds.all({})).items.map((one) => one.id);
seen.payment = await shop.payments.fetch(paymentId);
seen.downtimes = (await shop.payments.fetchPaymentDowntime()).count;
seen.dispute = await shop.disputes.accept(disputeId);
seen.settlement = await shop.settlements.fetch(settlementId);
const day = new Date(new Date(seen.settlement.created_at * 1000).getTime() + 5.5 * 3600 * 1000);
seen.report = await shop.settlements.reports({
  year: day.getUTCFullYear(),
  month: day.getUTCMonth() + 1,
  day: day.getUTCDate(),
});
seen.refused = await shop.orders.create({ amount: 1, currency: "INR" }).catch((refused) => refused);
console.log(JSON.stringify(seen));
