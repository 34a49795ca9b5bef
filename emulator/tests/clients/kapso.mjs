// @kapso/whatsapp-cloud-api, unmodified, against a running emulator: every method of its resources, its server's
// checks of signatures, and its reading of webhooks. Its address is an argument of it.
import assert from "node:assert/strict";
import { GraphApiError, KapsoProxyRequiredError, WhatsAppClient } from "@kapso/whatsapp-cloud-api";
import * as server from "@kapso/whatsapp-cloud-api/server";
import { CUSTOMER, Count, FLOW, GRAPH, PNG, control, fillIn, isUnknown, methodsOf, scene } from "./scene.mjs";

const { receiver, app, waba, number, token, act } = await scene();
const plain = new WhatsAppClient({ accessToken: token, baseUrl: GRAPH, graphVersion: "v25.0" });
const count = new Count();
const wa = count.of(plain);
const phoneNumberId = number.id;
const to = { phoneNumberId, to: CUSTOMER };
const id = (answer) => {
    assert.equal(answer.contacts[0].waId, CUSTOMER);
    return answer.messages[0].id;
};

// Messages.
const { messages } = wa;
const link = "https://example.com/file";
const first = id(await messages.sendText({ ...to, body: "hello", previewUrl: true, bizOpaqueCallbackData: "t" }));
id(await messages.sendText({ ...to, body: "a reply", contextMessageId: first }));
id(await messages.sendImage({ ...to, image: { link: `${link}.png`, caption: "look" } }));
id(await messages.sendVideo({ ...to, video: { link: `${link}.mp4` } }));
id(await messages.sendAudio({ ...to, audio: { link: `${link}.ogg`, voice: true } }));
id(await messages.sendDocument({ ...to, document: { link: `${link}.pdf`, filename: "a.pdf" } }));
id(await messages.sendSticker({ ...to, sticker: { link: `${link}.webp` } }));
id(await messages.sendLocation({ ...to, location: { latitude: 1.5, longitude: 2.5, name: "Here" } }));
id(await messages.sendContacts({ ...to, contacts: [{
    name: { formattedName: "Ann Lee", firstName: "Ann" },
    birthday: "1990-01-31",
    phones: [{ phone: "+16505551235", type: "CELL", waId: "16505551235" }],
    emails: [{ email: "ann@example.com", type: "WORK" }],
    org: { company: "Ann's" },
}] }));
id(await messages.sendReaction({ ...to, reaction: { messageId: first, emoji: "👍" } }));
id(await messages.sendReaction({ ...to, reaction: { messageId: first, emoji: "" } }));
const buttons = [{ id: "yes", title: "Yes" }, { id: "no", title: "No" }];
const header = { type: "image", image: { link: `${link}.png` } };
id(await messages.sendInteractiveButtons({ ...to, bodyText: "choose", buttons, header, footerText: "F" }));
const rows = [{ id: "1", title: "One", description: "first" }];
id(await messages.sendInteractiveList({ ...to, bodyText: "choose", buttonText: "Open", sections: [{ title: "All", rows }] }));
id(await messages.sendInteractiveCtaUrl({ ...to, bodyText: "go", parameters: { displayText: "Go", url: "https://example.com" } }));
id(await messages.sendInteractiveProduct({ ...to, bodyText: "One", catalogId: "7", productRetailerId: "1" }));
const productItems = [{ productRetailerId: "1" }];
id(await messages.sendInteractiveProductList({ ...to, bodyText: "All", header: { type: "text", text: "Products" }, catalogId: "7", sections: [{ title: "All", productItems }] }));
id(await messages.sendInteractiveCatalogMessage({ ...to, bodyText: "All", parameters: { thumbnailProductRetailerId: "1" } }));
const cards = [0, 1].map((cardIndex) => ({ cardIndex, header, bodyText: "One", action: { displayText: "Go", url: "https://example.com" } }));
id(await messages.sendInteractiveCarousel({ ...to, bodyText: "Look", cards }));
const taken = [0, 1].map((cardIndex) => ({ cardIndex, header, action: { buttons: [{ id: `take-${cardIndex}`, title: "Take" }] } }));
id(await messages.sendInteractiveCarousel({ ...to, bodyText: "Look", cards: taken }));
id(await messages.sendInteractiveAddress({ ...to, bodyText: "Where to?", parameters: { country: "IN", values: { name: "Ann" } } }));
id(await messages.sendInteractiveRaw({ ...to, interactive: { type: "location_request_message", body: { text: "Where?" }, action: { name: "send_location" } } }));
const raw = { messaging_product: "whatsapp", to: CUSTOMER, type: "text", text: { body: "raw" } };
id(await messages.sendRaw({ phoneNumberId, payload: raw }));
// The client's own mistakes: it writes members into these that Meta has not, and leaves out the action that it has.
const request = { ...to, bodyText: "Where?", parameters: { requestMessage: "Where?" } };
await messages.sendInteractiveLocationRequest(request).catch((error) => assert.ok(error instanceof GraphApiError));
const permission = { ...to, bodyText: "May we?", parameters: { phoneNumber: CUSTOMER } };
await messages.sendInteractiveCallPermission(permission).catch((error) => assert.ok(error instanceof GraphApiError));
const received = await act("text", { body: "thanks" });
assert.equal((await messages.markRead({ phoneNumberId, messageId: received, typingIndicator: { type: "text" } })).success, true);

// Templates.
const { templates } = wa;
const businessAccountId = waba.id;
const made = await templates.create({
    businessAccountId,
    name: "order_ready",
    language: "en_US",
    category: "UTILITY",
    parameterFormat: "NAMED",
    components: [
        { type: "BODY", text: "Hi {{name}}, it is ready now.", example: { body_text_named_params: [{ param_name: "name", example: "Ann" }] } },
        { type: "BUTTONS", buttons: [{ type: "QUICK_REPLY", text: "Thanks" }] },
    ],
});
await control("POST", `templates/${made.id}/decisions`, { event: "APPROVED" });
// Not a path that Meta documents: a template is read by its id alone.
await isUnknown(plain.templates.get({ businessAccountId, templateId: made.id }));
const listed = await templates.list({ businessAccountId, name: "order_ready", limit: 1 });
assert.deepEqual(listed.data.map((template) => template.name), ["order_ready"]);
id(await messages.sendTemplate({ ...to, template: {
    name: "order_ready",
    language: { code: "en_US" },
    components: [
        { type: "body", parameters: [{ type: "text", parameterName: "name", text: "Bob" }] },
        { type: "button", subType: "quick_reply", index: 0, parameters: [{ type: "payload", payload: "ok" }] },
    ],
} }));
assert.equal((await templates.delete({ businessAccountId, name: "order_ready" })).success, true);
await assert.rejects(
    messages.sendTemplate({ ...to, template: { name: "order_ready", language: { code: "en_US" } } }),
    (error) => error instanceof GraphApiError && error.isTemplateError() && error.code === 132001,
);

// Flows.
const { flows } = wa;
// The client wants its own spelling.
const flowJson = JSON.parse(JSON.stringify(FLOW).replace("on-click-action", "onClickAction"));
const draft = await flows.create({ wabaId: waba.id, name: "Survey", categories: ["OTHER"], flowJson });
assert.ok(!draft.validationErrors?.length, JSON.stringify(draft));
assert.equal((await flows.updateAsset({ flowId: draft.id, json: flowJson })).success, true);
assert.match((await flows.preview({ flowId: draft.id, interactive: true })).preview.previewUrl, /^http/);
assert.equal((await flows.publish({ flowId: draft.id })).success, true);
assert.equal((await flows.get({ flowId: draft.id })).status, "PUBLISHED");
assert.equal((await flows.list({ wabaId: waba.id })).data.length, 1);
const parameters = { flowId: draft.id, flowCta: "Open", flowToken: "token", flowMessageVersion: "3", flowAction: "navigate", flowActionPayload: { screen: "ASK" } };
id(await messages.sendInteractiveFlow({ ...to, bodyText: "Tell us", parameters }));
assert.ok((await fillIn(number, { name: "Ann" })).message_id);
assert.equal((await flows.deprecate({ flowId: draft.id })).success, true);
const deployed = await flows.deploy(flowJson, { wabaId: waba.id, name: "Deployed", preview: true });
assert.ok(deployed.flowId && deployed.previewUrl, JSON.stringify(deployed));

// Media.
const { media } = wa;
const uploaded = await media.upload({ phoneNumberId, type: "image", file: new Blob([PNG], { type: "image/png" }), fileName: "a.png" });
const described = await media.get({ mediaId: uploaded.id });
assert.equal(described.mimeType, "image/png");
const bytes = await media.download({ mediaId: uploaded.id, auth: "always" });
assert.deepEqual(Buffer.from(bytes), PNG);
assert.equal((await media.delete({ mediaId: uploaded.id })).success, true);

// The number.
const { phoneNumbers } = wa;
await phoneNumbers.businessProfile.update({ phoneNumberId, about: "Plants", vertical: "RETAIL", websites: ["https://example.com"] });
assert.equal((await phoneNumbers.businessProfile.get({ phoneNumberId, fields: "about" })).data[0].about, "Plants");
await phoneNumbers.settings.update({ phoneNumberId, calling: { status: "ENABLED" } });
assert.equal((await phoneNumbers.settings.get({ phoneNumberId })).calling.status, "ENABLED");
const second = await control("POST", "numbers", { waba_id: waba.id, display_phone_number: "+1 650 555 0199", code_verification_status: "NOT_VERIFIED" });
await phoneNumbers.requestCode({ phoneNumberId: second.id, codeMethod: "SMS", language: "en_US" });
const { pending_code: code } = await control("GET", `numbers/${second.id}`);
assert.equal((await phoneNumbers.verifyCode({ phoneNumberId: second.id, code })).success, true);
assert.equal((await phoneNumbers.register({ phoneNumberId: second.id, pin: "123456" })).success, true);
assert.equal((await phoneNumbers.deregister({ phoneNumberId: second.id })).success, true);

// Webhooks.
await act("image", { mime_type: "image/png", data: PNG.toString("base64"), caption: "see" });
await act("location", { latitude: 1.5, longitude: 2.5 });
await act("order", { catalog_id: "7", product_items: [{ product_retailer_id: "1", quantity: 1, item_price: 2.5, currency: "USD" }] });
const kinds = new Set();
const statuses = new Set();
for (const { body, signature } of await receiver.all()) {
    const check = (rawBody) => server.verifySignature({ appSecret: app.secret, rawBody, signatureHeader: signature });
    assert.equal(check(body), true);
    assert.equal(check(`${body} `), false);
    const told = server.normalizeWebhook(JSON.parse(body));
    for (const message of told.messages) {
        assert.equal(message.from, CUSTOMER);
        assert.equal(told.contacts[0].profile.name, "Sheena Nelson");
        kinds.add(message.type);
    }
    for (const status of told.statuses) {
        assert.equal(status.recipientId, CUSTOMER);
        statuses.add(status.status);
    }
}
assert.deepEqual([...kinds].toSorted(), ["image", "interactive", "location", "order", "text"]);
assert.ok(statuses.has("sent") && statuses.has("delivered"));

// What only its maker's own service has, it says itself; calls are none of the emulator's parts.
const own = ["contacts", "conversations"].flatMap((part) => methodsOf(plain[part], `${part}.`));
own.push("messages.query", "messages.get", "messages.listByConversation", "messages.list", "calls.list", "calls.get");
await assert.rejects(plain.contacts.list({ phoneNumberId }), KapsoProxyRequiredError);
const calls = ["connect", "preAccept", "accept", "reject", "terminate"];
const session = { sdpType: "offer", sdp: "v=0" };
await isUnknown(plain.calls.connect({ ...to, session }));
for (const name of calls.slice(1)) await isUnknown(plain.calls[name]({ phoneNumberId, callId: "wacid.1", session }));

const parts = ["messages", "media", "templates", "phoneNumbers", "flows", "calls", "conversations", "contacts"];
const offered = parts.flatMap((part) => methodsOf(plain[part], `${part}.`));
const excused = [...own, ...calls.map((name) => `calls.${name}`), "templates.get", "flows.buildCacheKey"];
count.report("@kapso/whatsapp-cloud-api", offered, excused);
