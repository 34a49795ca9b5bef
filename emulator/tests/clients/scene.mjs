// What every client for Node plays in: an app, an account with a number, a customer who has just written, a receiver of
// webhooks, and the count of what the client did.
//
// The emulator is named by GRAPH_URL, CONTROL_URL and CONTROL_TOKEN.
import assert from "node:assert/strict";
import http from "node:http";

export const GRAPH = process.env.GRAPH_URL;
export const CUSTOMER = "16505551234";
export const VERIFY_TOKEN = "between us";
export const PNG = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** A call of the emulator's control API. */
export async function control(method, path, body) {
    const answer = await fetch(`${process.env.CONTROL_URL}/${path}`, {
        method,
        headers: {
            authorization: `Bearer ${process.env.CONTROL_TOKEN}`,
            "content-type": "application/json",
        },
        body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${text}`);
    return JSON.parse(text);
}

/** `fetch` that takes Meta's hosts for the emulator's. */
export function fetchEmulated(url, options) {
    const target = new URL(url instanceof Request ? url.url : url);
    if (target.hostname.endsWith("facebook.com")) {
        const emulator = new URL(GRAPH);
        target.protocol = emulator.protocol;
        target.host = emulator.host;
    }
    return fetch(target, options);
}

/** Where webhooks come. */
class Receiver {
    constructor() {
        this.waiting = [];
        this.server = http.createServer((request, response) => {
            const chunks = [];
            request.on("data", (chunk) => chunks.push(chunk));
            request.on("end", () => {
                const query = new URL(request.url, "http://localhost").searchParams;
                if (request.method === "GET") {
                    const right = query.get("hub.verify_token") === VERIFY_TOKEN;
                    response.writeHead(right ? 200 : 403).end(query.get("hub.challenge"));
                    return;
                }
                this.waiting.push({
                    body: Buffer.concat(chunks).toString(),
                    signature: request.headers["x-hub-signature-256"],
                });
                response.writeHead(200).end("ok");
            });
        });
    }

    async listen() {
        await new Promise((listening) => this.server.listen(0, "127.0.0.1", listening));
        this.url = `http://127.0.0.1:${this.server.address().port}/webhook`;
        this.server.unref();
        return this;
    }

    /** Everything that came once nothing is outstanding. */
    async all() {
        const idle = await control("GET", "idle?wait_ms=20000");
        assert.ok(idle.is_idle, JSON.stringify(idle));
        return this.waiting.splice(0);
    }
}

/** An app, an account with a number, a token, and a customer who has just written. */
export async function scene() {
    const receiver = await new Receiver().listen();
    await control("PATCH", "settings", { status_delay_ms: { min: 0, max: 0 } });
    const app = await control("POST", "apps", { callback_url: receiver.url });
    const waba = await control("POST", "wabas", { app_ids: [app.id] });
    const number = await control("POST", "numbers", {
        waba_id: waba.id,
        display_phone_number: "+1 555 078 3881",
    });
    const { token } = await control("POST", "tokens", { app_id: app.id });
    await control("POST", "customers", { phone: CUSTOMER, name: "Sheena Nelson" });
    /** The customer does something; the id of the message that it made. */
    const act = async (type, members) => {
        const done = { number_id: number.id, type, ...members };
        return (await control("POST", `customers/${CUSTOMER}/acts`, done)).message_id;
    };
    await act("text", { body: "hi" });
    await receiver.all();
    return { receiver, app, waba, number, token, act };
}

/** A Flow with one screen, which ends it. */
export const FLOW = {
    version: "7.1",
    screens: [
        {
            id: "ASK",
            title: "Who?",
            terminal: true,
            layout: {
                type: "SingleColumnLayout",
                children: [
                    { type: "TextInput", name: "name", label: "Name" },
                    {
                        type: "Footer",
                        label: "Send",
                        "on-click-action": { name: "complete", payload: { name: "${form.name}" } },
                    },
                ],
            },
        },
    ],
};

/** The customer opens the newest Flow and fills it in. */
export async function fillIn(number, values) {
    const here = { number_id: number.id };
    await control("POST", `customers/${CUSTOMER}/flow`, here);
    const step = { ...here, do: "submit", values };
    return control("POST", `customers/${CUSTOMER}/flow/steps`, step);
}

/** A client of which every call is counted by its name; parts of it are counted with their path. */
export class Count {
    constructor() {
        this.names = new Map();
    }

    of(client, prefix = "") {
        return new Proxy(client, {
            get: (target, name) => {
                const value = target[name];
                if (typeof name === "symbol") return value;
                if (typeof value === "function") {
                    return (...args) => {
                        const key = prefix + name;
                        this.names.set(key, (this.names.get(key) ?? 0) + 1);
                        return value.apply(target, args);
                    };
                }
                const isPart = typeof value === "object" && value !== null && prefix.length < 40;
                return isPart ? this.of(value, `${prefix}${name}.`) : value;
            },
        });
    }

    /** Says how much was called, and fails when something was neither called nor excused. */
    report(client, offered, excused = []) {
        const left = offered.filter((name) => !this.names.has(name) && !excused.includes(name));
        assert.deepEqual(left, [], "neither called nor excused");
        const calls = [...this.names.values()].reduce((sum, count) => sum + count, 0);
        const line = JSON.stringify({ client, calls, methods: this.names.size });
        // Connections that are kept open would keep the process.
        process.stdout.write(`${line}\n`, () => process.exit());
    }
}

/** The names of the methods that an object offers. */
export function methodsOf(object, prefix = "") {
    const names = new Set();
    for (let at = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
        for (const name of Object.getOwnPropertyNames(at)) {
            if (name !== "constructor" && !name.startsWith("_") && typeof object[name] === "function") {
                names.add(prefix + name);
            }
        }
    }
    return [...names];
}

/** A call of something that the emulator does not have: it says so, and not in Meta's name. */
export async function isUnknown(answer) {
    const said = await Promise.resolve(answer).catch((error) => error);
    const text = `${said?.message} ${JSON.stringify(said)} ${JSON.stringify(said?.response?.data)}`;
    assert.match(text, /emulator does not know/, "the emulator knows a call that is excused as unknown");
}
