// The starter's functions for each type of message, unmodified, against a running emulator: what they send is taken.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { CUSTOMER, Count, FLOW, GRAPH, control, methodsOf, scene } from "./scene.mjs";

const { waba, number, token, act } = await scene();
Object.assign(process.env, { GRAPH_API_URL: GRAPH, PHONE_NUMBER_ID: number.id, WHATSAPP_TOKEN: token });
// What it keeps of each message is another matter.
const require = createRequire(import.meta.url);
const starter = "../../../guests/starter/services";
const kept = [];
const path = require.resolve(`${starter}/dbServices.js`);
require.cache[path] = { id: path, filename: path, loaded: true, exports: { logOutbound: async (...row) => kept.push(row) } };
const messages = require(`${starter}/messages.js`);

const count = new Count();
const bot = count.of(messages);
const to = [1, CUSTOMER];
const link = "https://example.com/file";
const first = await bot.sendText(...to, "hello https://example.com", { preview: true });
await bot.sendImage(...to, `${link}.png`, "look");
await bot.sendVideo(...to, `${link}.mp4`);
await bot.sendAudio(...to, `${link}.mp3`);
await bot.sendVoice(...to, `${link}.ogg`);
await bot.sendDocument(...to, `${link}.pdf`, "a.pdf", "read");
await bot.sendSticker(...to, `${link}.webp`);
await bot.sendLocation(...to, { latitude: 1.5, longitude: 2.5, name: "Here" });
await bot.sendContacts(...to, [{ name: { formatted_name: "Ann", first_name: "Ann" } }]);
await bot.sendReaction(...to, first, "👍");
await bot.sendButtons(...to, "choose", [{ id: "yes", title: "Yes" }]);
await bot.sendList(...to, "choose", "Open", [{ title: "All", rows: [{ id: "1", title: "One" }] }]);
await bot.sendLink(...to, "go", "Go", "https://example.com");
await bot.sendProduct(...to, "One", "7", "plant");
await bot.sendProducts(...to, "Products", "All", "7", [{ title: "All", products: ["plant", "pot"] }]);
await bot.sendCatalog(...to, "All");
const card = { image: `${link}.png`, body: "One", title: "Go", url: "https://example.com" };
await bot.sendCarousel(...to, "Look", [card, card]);
await bot.requestLocation(...to, "Where?");
await bot.requestAddress(...to, "Where to?");
await bot.requestContact(...to, "Who?");
await bot.requestCallPermission(...to, "May we call?");
await bot.sendCallButton(...to, "Call us", "Call");
const components = [{ type: "BODY", text: "Hi {{1}}, it is ready now.", example: { body_text: [["Ann"]] } }];
await control("POST", "templates", { waba_id: waba.id, name: "ready", language: "en_US", category: "UTILITY", status: "APPROVED", components });
await bot.sendTemplate(...to, "ready", "en_US", [{ type: "body", parameters: [{ type: "text", text: "Bob" }] }]);
const made = await fetch(`${GRAPH}/v25.0/${waba.id}/flows`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "Survey", categories: ["OTHER"], flow_json: JSON.stringify(FLOW), publish: true }),
});
await bot.sendFlow(...to, "Tell us", { id: (await made.json()).id, cta: "Open" });
await bot.markAsRead(await act("text", { body: "thanks" }));
assert.equal(kept.length, Object.keys(messages).length - 1);

// The customer has all of them.
await control("GET", "idle?wait_ms=20000");
const { items } = await control("GET", `sent?number_id=${number.id}`);
const failed = items.filter((item) => item.error_code);
assert.deepEqual(failed, []);
count.report("starter", methodsOf(messages));
