// whatsapp-api-js, unmodified, against a running emulator: every method of its client, every message that it can build.
//
// It is given a `fetch` that takes Meta's hosts for the emulator's.
import assert from "node:assert/strict";
import { WhatsAppAPI } from "whatsapp-api-js";
import * as m from "whatsapp-api-js/messages";
import { CUSTOMER, Count, FLOW, PNG, VERIFY_TOKEN, control, fetchEmulated, fillIn, isUnknown, methodsOf, scene } from "./scene.mjs";

const { receiver, app, waba, number, token, act } = await scene();
const plain = new WhatsAppAPI({
    token,
    appSecret: app.secret,
    webhookVerifyToken: VERIFY_TOKEN,
    v: "v25.0",
    ponyfill: { fetch: fetchEmulated },
});
const count = new Count();
const api = count.of(plain);
const right = (answer) => {
    assert.ok(!answer.error, JSON.stringify(answer));
    return answer;
};
const send = async (message, context) =>
    right(await api.sendMessage(number.id, { phone: CUSTOMER }, message, context, "tracked")).messages[0].id;

// Messages.
const first = await send(new m.Text("hello https://example.com", true));
await send(new m.Text("a reply"), first);
const media = "https://example.com/file";
await send(new m.Image(`${media}.png`, false, "look"));
await send(new m.Video(`${media}.mp4`, false, "see"));
await send(new m.Audio(`${media}.mp3`));
await send(new m.Audio(`${media}.ogg`, false, true));
await send(new m.Document(`${media}.pdf`, false, "read", "a.pdf"));
await send(new m.Sticker(`${media}.webp`));
await send(new m.Location(2.5, 1.5, "Here", "There 1"));
await send(new m.Reaction(first, "👍"));
await send(new m.Reaction(first));
// The client's own mistake: its contacts are an object, and Meta's are an array.
const contacts = await api.sendMessage(
    number.id,
    { phone: CUSTOMER },
    new m.Contacts([
        new m.Name("Ann Lee", "Ann", "Lee"),
        new m.Birthday("1990", "01", "31"),
        new m.Phone("+16505551235", "CELL", "16505551235"),
        new m.Email("ann@example.com", "WORK"),
        new m.Url("https://example.com", "WORK"),
        new m.Address("Switzerland", "CH", "BE", "Bern", "1 St", "3000", "HOME"),
        new m.Organization("Ann's", "All", "Boss"),
    ]),
);
assert.equal(contacts.error.message, "(#100) Param contacts must be an array.");
const body = new m.Body("choose");
const footer = new m.Footer("F");
const buttons = new m.ActionButtons(new m.Button("yes", "Yes"), new m.Button("no", "No"));
await send(new m.Interactive(buttons, body, new m.Header("H"), footer));
for (const header of [new m.Image(`${media}.png`), new m.Video(`${media}.mp4`), new m.Document(`${media}.pdf`)]) {
    await send(new m.Interactive(buttons, body, new m.Header(header)));
}
const rows = new m.ListSection("All", new m.Row("1", "One", "first"), new m.Row("2", "Two"));
await send(new m.Interactive(new m.ActionList("Open", rows), body, undefined, footer));
await send(new m.Interactive(new m.ActionCTA("Go", "https://example.com"), body));
await send(new m.Interactive(new m.ActionLocation(), new m.Body("Where?")));
await send(new m.Interactive(new m.ActionCallPermission(), new m.Body("May we call?")));
await send(new m.Interactive(new m.ActionContactRequest(), new m.Body("Who are you?")));
await send(new m.Interactive(new m.ActionCatalog(new m.Product("1")), body));
await send(new m.Interactive(new m.ActionProduct(new m.CatalogProduct("1", "7")), body));
const shelf = new m.ProductSection("All", new m.Product("1"), new m.Product("2"));
await send(new m.Interactive(new m.ActionProductList("7", shelf), body, new m.Header("Products")));
const broadcast = api.broadcastMessage(number.id, [{ phone: CUSTOMER }, { phone: CUSTOMER }], new m.Text("all"), 2, 0);
for (const answer of await Promise.all(broadcast)) right(answer);

// Templates: made over the API with the call that the client leaves to its user, then sent with its components.
const graph = async (path, body) => right(await (await api.$$apiFetch$$(`https://graph.facebook.com/v25.0/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
})).json());
async function template(name, category, components) {
    const { id } = await control("POST", "templates", { waba_id: waba.id, name, language: "en_US", category, status: "APPROVED", components });
    return id;
}
await graph(`${waba.id}/message_templates`, {
    name: "made",
    language: "en_US",
    category: "UTILITY",
    components: [{ type: "BODY", text: "Your order is ready for you." }],
});
const text = (text, ...values) => ({ type: "BODY", text, example: { body_text: [values] } });
const picture = { type: "HEADER", format: "IMAGE", example: { header_handle: ["4::"] } };
await template("positional", "UTILITY", [
    picture,
    text("Hi {{1}}, you owe {{2}} by {{3}} now.", "Ann", "$1", "May"),
    { type: "BUTTONS", buttons: [
        { type: "URL", text: "Track", url: "https://example.com/{{1}}", example: ["https://example.com/1"] },
        { type: "QUICK_REPLY", text: "Thanks" },
        { type: "COPY_CODE", example: "CODE10" },
    ] },
]);
await send(
    new m.Template(
        "positional",
        new m.Language("en_US", "deterministic"),
        new m.HeaderComponent(new m.HeaderParameter(new m.Image(`${media}.png`))),
        new m.BodyComponent(
            new m.BodyParameter("Bob"),
            new m.BodyParameter(new m.Currency(1000, "USD", "$1")),
            new m.BodyParameter(new m.DateTime("May 1")),
        ),
        new m.URLComponent("7"),
        new m.PayloadComponent("ok"),
        new m.CopyComponent("CODE20"),
    ),
);
await template("cards", "MARKETING", [
    { type: "BODY", text: "Look at all of these." },
    { type: "CAROUSEL", cards: [1, 2].map(() => ({ components: [
        picture,
        text("A plant for {{1}} at home.", "you"),
        { type: "BUTTONS", buttons: [{ type: "QUICK_REPLY", text: "More" }] },
    ] })) },
]);
const card = () => new m.CarouselCard(new m.Image(`${media}.png`), new m.BodyComponent(new m.BodyParameter("me")), new m.PayloadComponent("more"));
await send(new m.Template("cards", "en_US", new m.CarouselComponent(card(), card())));
await template("offer", "MARKETING", [
    { type: "LIMITED_TIME_OFFER", limited_time_offer: { text: "Ends soon", has_expiration: true } },
    { type: "BODY", text: "Use it before it is over." },
    { type: "BUTTONS", buttons: [
        { type: "COPY_CODE", example: "CODE10" },
        { type: "URL", text: "Shop", url: "https://example.com/{{1}}", example: ["https://example.com/1"] },
    ] },
]);
await send(new m.Template("offer", "en_US", new m.LTOComponent(Date.now() + 86_400_000), new m.CopyComponent("CODE20"), new m.URLComponent("shop")));
await template("code", "AUTHENTICATION", [
    { type: "BODY", add_security_recommendation: true },
    { type: "BUTTONS", buttons: [{ type: "OTP", otp_type: "COPY_CODE", text: "Copy" }] },
]);
await send(m.Template.OTP("code", "en_US", "123456"));

// Flows.
const flow = await graph(`${waba.id}/flows`, { name: "Survey", categories: ["OTHER"], flow_json: JSON.stringify(FLOW), publish: true });
await template("survey", "UTILITY", [
    { type: "BODY", text: "Please tell us about it." },
    { type: "BUTTONS", buttons: [{ type: "FLOW", text: "Tell", flow_id: flow.id, flow_action: "navigate", navigate_screen: "ASK" }] },
]);
await send(new m.Template("survey", "en_US", new m.FlowComponent("token 1", { name: "Ann" })));
await send(new m.Interactive(new m.ActionDataExchangeFlow("token 2", flow.id, "Open"), new m.Body("Tell us")));
await send(new m.Interactive(new m.ActionNavigateFlow("token 3", flow.id, "Open", "ASK"), new m.Body("Tell us")));
assert.ok((await fillIn(number, { name: "Ann" })).message_id);

// Media.
const form = new FormData();
form.set("file", new Blob([PNG], { type: "image/png" }), "a.png");
const uploaded = right(await api.uploadMedia(number.id, form));
await send(new m.Image(uploaded.id, true));
const found = right(await api.retrieveMedia(uploaded.id, number.id));
assert.equal(found.mime_type, "image/png");
assert.deepEqual(Buffer.from(await (await api.fetchMedia(found.url)).arrayBuffer()), PNG);
assert.equal(right(await api.deleteMedia(uploaded.id, number.id)).success, true);

// The rest of its calls.
const received = await act("text", { body: "thanks" });
assert.equal(right(await api.markAsRead(number.id, received, "text")).success, true);
const qr = right(await api.createQR(number.id, "Hi", "svg"));
assert.equal(right(await api.retrieveQR(number.id, qr.code)).data[0].prefilled_message, "Hi");
assert.equal(right(await api.retrieveQR(number.id)).data.length, 1);
assert.equal(right(await api.updateQR(number.id, qr.code, "Hello")).prefilled_message, "Hello");
assert.equal(right(await api.deleteQR(number.id, qr.code)).success, true);
const blocked = right(await api.blockUser(number.id, { phone: CUSTOMER }));
assert.equal(blocked.block_users.added_users[0].wa_id, CUSTOMER);
assert.equal(right(await api.unblockUser(number.id, { phone: CUSTOMER })).block_users.removed_users.length, 1);

// Webhooks: each signature is checked, each message and status is told.
assert.equal(api.get({ "hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "42" }), "42");
await receiver.all();
let answered;
const told = { messages: [], statuses: [] };
plain.on.message = ({ message, name, from, received, reply }) => {
    assert.equal(name, "Sheena Nelson");
    assert.equal(from, CUSTOMER);
    told.messages.push(message.type);
    answered = { received, reply };
};
plain.on.status = ({ status, id }) => told.statuses.push([status, id]);
const file = { mime_type: "image/png", data: PNG.toString("base64") };
await act("text", { body: "hi" });
await act("image", { ...file, caption: "see" });
await act("location", { latitude: 1.5, longitude: 2.5 });
await act("reaction", { message_id: first, emoji: "👍" });
await act("contacts", { contacts: [{ name: { formatted_name: "Ann" } }] });
const asked = await send(new m.Interactive(buttons, body));
await act("tap", { button: "Yes", message_id: asked });
const list = await send(new m.Interactive(new m.ActionList("Open", rows), body));
await act("choose", { row: "Two", message_id: list });
for (const { body, signature } of await receiver.all()) {
    assert.equal(await api.verifyRequestSignature(body, signature), true);
    await assert.rejects(plain.post(JSON.parse(body), `${body} `, signature));
    await api.post(JSON.parse(body), body, signature);
}
assert.deepEqual(told.messages.toSorted(), ["contacts", "image", "interactive", "interactive", "location", "reaction", "text"]);
for (const status of ["sent", "delivered"]) {
    assert.ok(told.statuses.some(([word, id]) => word === status && id === asked), status);
}
right(await answered.received());
right(await answered.reply(new m.Text("an answer"), true));

// Calls are none of the emulator's parts.
const calls = ["initiateCall", "preacceptCall", "acceptCall", "rejectCall", "terminateCall"];
await isUnknown(plain.initiateCall(number.id, { phone: CUSTOMER }, "v=0"));
for (const name of calls.slice(1)) await isUnknown(plain[name](number.id, "wacid.1", "v=0"));

const inner = ["getBody"];
count.report("whatsapp-api-js", methodsOf(plain), [...calls, ...inner, "fetch"]);
