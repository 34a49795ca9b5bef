// facebook-nodejs-business-sdk, unmodified, against a running emulator: its nodes of WhatsApp with every edge that it
// has, its cursors, its batches, and its plain calls. Its address is a getter of it, which is set here.
import assert from "node:assert/strict";
import bizSdk from "facebook-nodejs-business-sdk";
import { CUSTOMER, Count, FLOW, GRAPH, control, isUnknown, methodsOf, scene } from "./scene.mjs";

const { FacebookAdsApi, FacebookAdsApiBatch, WhatsAppBusinessAccount, Business } = bizSdk;
Object.defineProperty(FacebookAdsApi, "GRAPH", { get: () => GRAPH });

const { receiver, app, waba, number, token, act } = await scene();
const api = FacebookAdsApi.init(token, "en_US", false);
const count = new Count();
const plain = new WhatsAppBusinessAccount(waba.id);
// A node takes over what its calls answer, id and all, so each call is of one of its own.
const account = () => count.of(new WhatsAppBusinessAccount(waba.id));

// The account.
const fields = ["id", "name", "currency", "timezone_id", "message_template_namespace", "account_review_status", "health_status", "owner_business_info", "ownership_type", "status", "country", "business_verification_status"];
const read = await account().get(fields);
assert.equal(read.id, waba.id);
assert.equal(read.health_status.can_send_message, "AVAILABLE");
assert.equal((await account().update([], { is_enabled_for_insights: true })).success, true);
const owned = await count.of(new Business(waba.business_id)).getOwnedWhatsAppBusinessAccounts(["id"]);
assert.ok(owned.some((one) => one.id === waba.id));
await count.of(new Business(waba.business_id)).getClientWhatsAppBusinessAccounts(["id"]);

// Numbers.
const numbers = await account().getPhoneNumbers(["id", "display_phone_number", "verified_name"]);
assert.deepEqual(numbers.map((one) => one.id), [number.id]);
const second = await account().createPhoneNumber([], { cc: "1", phone_number: "6505550199", verified_name: "Second" });
assert.match(second.id, /^\d+$/);

// Subscriptions and users.
assert.equal((await account().createSubscribedApp([])).success, true);
const subscribed = await account().getSubscribedApps([]);
assert.equal(subscribed[0].whatsapp_business_api_data.id, app.id);
await account().createAssignedUser([], { user: "1234567", tasks: ["MANAGE"] });
assert.equal((await account().getAssignedUsers(["id"], { business: waba.business_id })).length, 1);
await account().deleteAssignedUsers({ user: "1234567" });

// Templates, with a cursor over several pages.
const components = [{ type: "BODY", text: "Your order is ready for you." }];
for (const name of ["a", "b", "c"]) {
    const template = { name: `order_${name}`, language: "en_US", category: "UTILITY", components };
    const made = await account().createMessageTemplate(["id"], template);
    await control("POST", `templates/${made.id}/decisions`, { event: "APPROVED" });
}
const cursor = await account().getMessageTemplates(["name", "status"], { limit: 2 });
assert.equal(cursor.length, 2);
assert.equal(cursor.hasNext(), true);
const more = await cursor.next();
assert.equal(more.length, 1);
// The cursor is the next page itself.
assert.equal(cursor[0].name, more[0].name);
const code = [{ type: "BODY", add_security_recommendation: true }, { type: "BUTTONS", buttons: [{ type: "OTP", otp_type: "COPY_CODE" }] }];
await account().createUpsertMessageTemplate([], { name: "code", languages: ["en_US", "de"], category: "AUTHENTICATION", components: code });
const other = await control("POST", "wabas", { app_ids: [app.id] });
await count.of(new WhatsAppBusinessAccount(other.id)).createMigrateMessageTemplate([], { source_waba_id: waba.id });
const now = Math.floor(Date.now() / 1000);
const analytics = { start: now - 86_400 * 7, end: now, granularity: "DAILY", metric_types: ["SENT"], template_ids: [cursor[0].id] };
await account().getTemplateAnalytics([], analytics);
await account().deleteMessageTemplates({ name: "code" });

// Flows.
const flow = await account().createFlow(["id"], { name: "Survey", categories: ["OTHER"], flow_json: JSON.stringify(FLOW), publish: true });
assert.equal((await account().getFlows(["id", "status"]))[0].status, "PUBLISHED");
await count.of(new WhatsAppBusinessAccount(other.id)).createMigrateFlow([], { source_waba_id: waba.id, source_flow_names: ["Survey"] });

// Messages, by plain calls and by a batch.
const calls = count.of(api, "api.");
const text = (body) => ({ messaging_product: "whatsapp", to: CUSTOMER, type: "text", text: { body } });
const sent = await calls.call("POST", [number.id, "messages"], text("hello"));
assert.match(sent.messages[0].id, /^wamid\./);
const interactive = { type: "flow", body: { text: "Tell us" }, action: { name: "flow", parameters: { flow_message_version: "3", flow_id: flow.id, flow_cta: "Open", flow_token: "t", flow_action: "navigate", flow_action_payload: { screen: "ASK" } } } };
await calls.call("POST", [number.id, "messages"], { ...text(), type: "interactive", text: undefined, interactive });
assert.equal((await calls.call("GET", [number.id], { fields: "id,quality_rating" })).id, number.id);
assert.equal((await calls.getAppID()).data.data.app_id, app.id);
await assert.rejects(
    api.call("POST", [number.id, "messages"], { ...text("x"), type: "nothing" }),
    (error) => error.status === 400 && error.response.code === 131051,
);
const outcomes = [];
const batch = new FacebookAdsApiBatch(api);
const note = (response) => outcomes.push([response.isSuccess, response.body]);
batch.add("POST", `v24.0/${number.id}/messages`, text("in a batch"), null, note, note);
batch.add("GET", `v24.0/${waba.id}`, { fields: "id,name" }, null, note, note);
batch.add("GET", "v24.0/1", { fields: "id" }, null, note, note);
await batch.execute();
count.names.set("batch.execute", 1);
assert.deepEqual(outcomes.map(([isSuccess]) => isSuccess), [true, true, false]);
assert.equal(outcomes[1][1].id, waba.id);

// With headers, and in the words of an error.
api.setShowHeader(true);
assert.equal((await calls.call("GET", [waba.id], { fields: "id" })).headers["facebook-api-version"], "v24.0");
api.setShowHeader(false);

await act("text", { body: "hi" });
assert.ok((await receiver.all()).length > 0);
await account().deleteSubscribedApps();

// Edges that the emulator does not have.
const unknown = methodsOf(plain).filter((name) => /^(get|create|delete)[A-Z]/.test(name) && !count.names.has(name));
const inherited = methodsOf(Object.getPrototypeOf(Object.getPrototypeOf(plain)));
const edges = unknown.filter((name) => !inherited.includes(name));
for (const name of edges) {
    await isUnknown(name.startsWith("delete") ? plain[name]({}) : plain[name]([], {}));
}
const local = [...inherited, ...edges];
count.report("facebook-nodejs-business-sdk", methodsOf(plain), local);
