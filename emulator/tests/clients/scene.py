"""What every Python client plays in: an app, an account with a number, a customer who has just written, a receiver of
webhooks, and the count of what the client did.

The emulator is named by GRAPH_URL, CONTROL_URL and CONTROL_TOKEN.
"""

import inspect
import json
import os
import queue
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GRAPH = os.environ["GRAPH_URL"]
CUSTOMER = "16505551234"
# What apps of these scenes are subscribed to.
FIELDS = [
    "messages", "message_template_status_update", "message_template_quality_update",
    "message_template_components_update", "template_category_update", "user_preferences", "flows",
    "account_update", "phone_number_name_update", "phone_number_quality_update",
]  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n"
VERIFY_TOKEN = "between us"


def control(method, path, body=None):
    """A call of the emulator's control API."""
    request = urllib.request.Request(
        f"{os.environ['CONTROL_URL']}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['CONTROL_TOKEN']}",
            "Content-Type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {path}: {error.read().decode()}") from None


class Receiver:
    """Where webhooks come: `next()` is the next one, as it came, with its signature. What Flows ask is answered by
    `respond`, which gets the same."""

    def __init__(self, challenge=None, respond=None):
        self.webhooks = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                text, status = (challenge or receiver.challenge)(
                    query.get("hub.verify_token"), query.get("hub.challenge")
                )
                self.answer(status, str(text).encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                came = (body, self.headers["X-Hub-Signature-256"])
                if respond:
                    text, status = respond(*came)
                    self.answer(status, text.encode())
                    return
                receiver.webhooks.put(came)
                self.answer(200, b"ok")

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}/webhook"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    @staticmethod
    def challenge(token, challenge):
        return (challenge, 200) if token == VERIFY_TOKEN else ("no", 403)

    def next(self):
        return self.webhooks.get(timeout=30)

    def all(self):
        """Everything that came once nothing is outstanding."""
        idle = control("GET", "idle?wait_ms=20000")
        assert idle["is_idle"], idle
        found = []
        while not self.webhooks.empty():
            found.append(self.webhooks.get())
        return found


class Scene:
    """Who there is. `receives` has webhooks sent to a receiver."""

    def __init__(self, receives=True):
        control("PATCH", "settings", {"status_delay_ms": {"min": 0, "max": 0}})
        self.receiver = Receiver()
        callback = {"callback_url": self.receiver.url, "fields": FIELDS} if receives else {}
        self.app = control("POST", "apps", callback)
        self.waba = control("POST", "wabas", {"app_ids": [self.app["id"]]})
        self.number = control(
            "POST",
            "numbers",
            {"waba_id": self.waba["id"], "display_phone_number": "+1 555 078 3881"},
        )
        self.token = control("POST", "tokens", {"app_id": self.app["id"]})["token"]
        control("POST", "customers", {"phone": CUSTOMER, "name": "Sheena Nelson"})

    def act(self, act, **members):
        """The customer does something; the id of the message that it made."""
        body = {"number_id": self.number["id"], "type": act, **members}
        return control("POST", f"customers/{CUSTOMER}/acts", body)["message_id"]

    def last_sent(self):
        """The newest message that the customer has of the business."""
        items = control("GET", f"sent?number_id={self.number['id']}&limit=1000")["items"]
        return [item for item in items if item["kind"] == "message"][-1]


class Counted:
    """A client, or a part of one, of which every call is counted, by its name."""

    def __init__(self, client, names=None, prefix=""):
        self.client, self.prefix = client, prefix
        self.names = {} if names is None else names

    def part(self, name):
        return Counted(getattr(self.client, name), self.names, f"{self.prefix}{name}.")

    def __getattr__(self, name):
        function = getattr(self.client, name)
        key = self.prefix + name

        async def call(*positional, **named):
            answer = function(*positional, **named)
            if inspect.isawaitable(answer):
                answer = await answer
            self.names[key] = self.names.get(key, 0) + 1
            return answer

        return call

    def report(self, client, public, unused):
        """Says how much of the client was called, and fails when a method of it was neither called nor excused."""
        left = sorted(set(public) - set(self.names) - set(unused))
        assert not left, f"neither called nor excused: {left}"
        called = sorted(set(unused) & set(self.names))
        assert not called, f"excused, and called all the same: {called}"
        calls = sum(self.names.values())
        print(json.dumps({"client": client, "calls": calls, "methods": len(self.names)}))


def public_methods(kind, prefix=""):
    """The names of what a class offers."""
    return [
        prefix + name
        for name, _ in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    ]


async def unknown_to_the_emulator(call, error, says=lambda error: str(error)):
    """A call of something that the emulator does not have: it says so, and not in Meta's name."""
    try:
        await call
    except error as failed:
        assert "emulator" in says(failed).lower(), f"not the emulator's own words: {failed!r}"
        return
    raise AssertionError("the emulator knows a call that is excused as unknown")


def fail(message):
    print(message, file=sys.stderr)
    sys.exit(1)
