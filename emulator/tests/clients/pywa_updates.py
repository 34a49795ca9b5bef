"""What pywa reads of the emulator's webhooks has the structure of what it reads of Meta's.

    python pywa_updates.py                     plays each act, and compares with pywa_updates.json
    python pywa_updates.py --table FOLDER      writes that table to its output

The table says, for each kind of webhook, which handler pywa gives it to and which members of the update are set. It is
made of pywa's own fixtures (`tests/data/updates` of its repository), which are no part of this one; only the kinds that
are played are kept.
"""

import asyncio
import dataclasses
import enum
import json
import os
import sys

import pywa

from scene import CUSTOMER, Scene, control

HERE = os.path.dirname(os.path.abspath(__file__))
# The fixtures have a business that is enrolled in parent ids, which the emulator has not.
NOT_HERE = ("parent_bsuid", "parent_user_id")
# Whatever a Flow answers.
ANSWER = "response."
# What Meta's webhooks have by now and the fixtures, which are older, have not: media have a URL
# (developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image), prices a type,
# changes of category the former one, changes of a number the new id of the user.
NEWER = {
    *(f"{kind}.url" for kind in ("image", "video", "document", "audio", "sticker")),
    "pricing.type",
    "previous_category",
    "new_user_id",
    "from_user.bsuid",
}
# What Meta tells with `sent` and `delivered` alone
# (developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status).
OLDER = {
    kind: {
        "conversation.category", "conversation.id", "pricing.billable", "pricing.category", "pricing.model",
    }
    for kind in ("message_status.read", "message_status.played")
}  # fmt: skip
def members(value, path=""):
    """The paths of all that is set."""
    if value is None or path.split(".")[-1] in (*NOT_HERE, "raw", "_client", "client", "shared_data"):
        return set()
    if dataclasses.is_dataclass(value) and not isinstance(value, enum.Enum):
        found = set()
        for field in dataclasses.fields(value):
            inner = f"{path}.{field.name}" if path else field.name
            found |= members(getattr(value, field.name, None), inner)
        return found
    if isinstance(value, dict):
        found = set()
        for key, item in value.items():
            found |= members(item, f"{path}.{key}")
        return found
    if isinstance(value, (list, tuple)) and value:
        return set().union(*(members(item, f"{path}[]") for item in value))
    return {path}


class Reader:
    """A client of pywa that keeps what it makes of each webhook."""

    def __init__(self, **identity):
        self.wa = pywa.WhatsApp(verify_token="x", filter_updates=False, skip_duplicate_updates=False, **identity)
        self.seen = []
        for kind in self.wa._handlers_to_updates:
            self.wa.add_handlers(kind(lambda _, update, kind=kind: self.seen.append((kind.__name__, update))))

    def read(self, body):
        self.seen.clear()
        text, status = self.wa.webhook_update_handler(body)
        assert status == 200, (text, status)
        made = [(name, update) for name, update in self.seen if name != "RawUpdateHandler"]
        assert len(made) == 1, f"pywa makes {made} of {body!r}"
        handler, update = made[0]
        return {"handler": handler, "members": sorted(members(update))}


def table(folder):
    """What pywa makes of its fixtures."""
    reader, found = Reader(), {}
    for file in sorted(os.listdir(folder)):
        with open(os.path.join(folder, file)) as text:
            for name, update in json.load(text).items():
                kind = f"{file.removesuffix('.json')}.{name}"
                try:
                    found[kind] = reader.read(json.dumps(update).encode())
                except AssertionError as error:
                    print(kind, error, file=sys.stderr)
    json.dump(found, sys.stdout, indent=1)


def played(scene):
    """Acts and what the business does, by the kind of webhook that comes of them."""
    file = {"data": "UE5H"}
    customer = f"customers/{CUSTOMER}"
    here = {"number_id": scene.number["id"]}
    graph = scene.graph

    def send(**message):
        body = {"messaging_product": "whatsapp", "to": CUSTOMER, **message}
        return graph("POST", f"{here['number_id']}/messages", body)["messages"][0]["id"]

    def text(**more):
        return send(type="text", text={"body": "hello"}, **more)

    one = [{"product_retailer_id": "1", "quantity": 1, "item_price": 2.5, "currency": "USD"}]
    reply = {"type": "reply", "reply": {"id": "yes", "title": "Yes"}}
    button = {"type": "button", "body": {"text": "?"}, "action": {"buttons": [reply]}}

    def menu(**row):
        rows = [{"id": "1", "title": "One", **row}]
        return {
            "type": "list",
            "body": {"text": "?"},
            "action": {"button": "Open", "sections": [{"title": "All", "rows": rows}]},
        }

    name = {"first_name": "Ann", "last_name": "Lee", "formatted_name": "Ann Lee"}
    ann = {"name": name, "phones": [{"phone": "+1 650", "wa_id": "1650", "type": "CELL"}]}
    referral = {
        "source_url": "u", "source_id": "1", "source_type": "ad", "headline": "h", "body": "b",
        "media_type": "image", "image_url": "i", "video_url": "v", "thumbnail_url": "t", "ctwa_clid": "c",
    }  # fmt: skip

    def after(made, act):
        made()
        return act()

    yield "message.text", lambda: scene.act("text", body="hi")
    yield "message.media_with_url", lambda: scene.act("image", mime_type="image/jpeg", **file)
    forwarded = {"forwarded": True}
    yield "message.video", lambda: scene.act("video", mime_type="video/mp4", caption="c", **forwarded, **file)
    yield (
        "message.document",
        lambda: scene.act(
            "document", mime_type="application/pdf", filename="a.pdf", caption="c", **forwarded, **file
        ),
    )
    yield "message.audio", lambda: scene.act("audio", mime_type="audio/ogg; codecs=opus", **forwarded, **file)
    yield "message.voice", lambda: scene.act("audio", mime_type="audio/ogg; codecs=opus", voice=True, **file)
    yield "message.static_sticker", lambda: scene.act("sticker", mime_type="image/webp", **file)
    yield "message.animated_sticker", lambda: scene.act("sticker", mime_type="image/webp", animated=True, **file)
    yield "message.reaction", lambda: scene.act("reaction", message_id=text(), emoji="👍")
    yield "message.unreaction_no_emoji", lambda: scene.act("reaction", message_id=scene.last_sent()["id"])
    yield "message.current_location", lambda: scene.act("location", latitude=1.5, longitude=2.5, **forwarded)
    yield "message.contacts", lambda: scene.act("contacts", contacts=[ann])
    yield "message.order", lambda: scene.act("order", catalog_id="7", product_items=one, text="")
    yield "message.unsupported", lambda: scene.act("unsupported")
    yield "message.unsupported_with_type", lambda: scene.act("unsupported", kind="poll")
    yield "message.reply", lambda: scene.act("text", body="hi", reply_to=text())
    yield "message.forwarded", lambda: scene.act("text", body="hi", **forwarded)
    yield "message.forwarded_many_times", lambda: scene.act("text", body="hi", frequently_forwarded=True)
    yield "message.referral", lambda: scene.act("text", body="hi", referral=referral)
    yield "callback_button.button", lambda: after(lambda: send(type="interactive", interactive=button), lambda: scene.act("tap", button="Yes"))
    yield "callback_button.quick_reply", lambda: after(scene.quick_reply, lambda: scene.act("tap", button="Thanks"))
    yield "callback_selection.callback", lambda: after(lambda: send(type="interactive", interactive=menu()), lambda: scene.act("choose", row="One"))
    yield (
        "callback_selection.description",
        lambda: after(lambda: send(type="interactive", interactive=menu(description="first")), lambda: scene.act("choose", row="One")),
    )
    yield "edited_message.image", lambda: scene.act("edit", message_id=scene.act("image", mime_type="image/jpeg", caption="c", reply_to=text(), **file), body="d")
    yield "deleted_message.revoke", lambda: scene.act("revoke", message_id=scene.act("text", body="hi"))
    yield "flow_completion.completion", lambda: scene.act("flow_reply", response={"flow_token": "t", "a": 1}, message_id=scene.flow_message())
    yield "call_permission_update.accept", lambda: scene.permission(accepts=True)
    yield "call_permission_update.reject", lambda: scene.permission(accepts=False)
    yield "message_status.sent", lambda: text()
    yield "message_status.delivered", lambda: text()
    yield "message_status.read", lambda: (text(), control("POST", f"{customer}/read", here))
    yield "message_status.with_tracker", lambda: text(biz_opaque_callback_data="t")
    # "message_status.failed" is left out: statuses of what failed have no `contacts` at Meta, and pywa needs one.
    yield "message_status.played", lambda: scene.played(customer, here, send)
    yield "user_marketing_preferences.resume", lambda: [control("POST", f"{customer}/preference", {**here, "wants_marketing": wants}) for wants in (False, True)]
    yield "template_status_update.approved", lambda: scene.template("APPROVED")
    yield "template_status_update.rejected", lambda: scene.template("REJECTED", reason="INVALID_FORMAT")
    yield "template_quality_update.yellow", lambda: control("POST", f"templates/{scene.made}/quality", {"score": "YELLOW"})
    yield "template_category_update.marketing", lambda: control("POST", f"templates/{scene.made}/category", {"category": "MARKETING"})
    yield "template_components_update.element", lambda: scene.edited()
    yield "system.phone_number_change", lambda: scene.act("change_number", phone="16505559876")


class Stage(Scene):
    """A scene in which the business does what webhooks come of."""

    def __init__(self):
        super().__init__()
        self.graph_url = os.environ["GRAPH_URL"]

    def graph(self, method, path, body):
        import urllib.request

        request = urllib.request.Request(
            f"{self.graph_url}/v23.0/{path}",
            method=method,
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def send(self, **message):
        body = {"messaging_product": "whatsapp", "to": CUSTOMER, **message}
        return self.graph("POST", f"{self.number['id']}/messages", body)["messages"][0]["id"]

    def quick_reply(self):
        components = [
            {"type": "BODY", "text": "Your order is ready for you."},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Thanks"}]},
        ]
        template = {"waba_id": self.waba["id"], "name": "ready", "language": "en_US", "category": "UTILITY"}
        control("POST", "templates", {**template, "status": "APPROVED", "components": components})
        payload = [{"type": "payload", "payload": "ok"}]
        button = {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": payload}
        sent = {"name": "ready", "language": {"code": "en_US"}, "components": [button]}
        return self.send(type="template", template=sent)

    def flow_message(self):
        screen = {
            "id": "ASK",
            "title": "Who?",
            "terminal": True,
            "layout": {
                "type": "SingleColumnLayout",
                "children": [
                    {"type": "Footer", "label": "Send", "on-click-action": {"name": "complete", "payload": {}}}
                ],
            },
        }
        flow = {
            "name": "Survey",
            "categories": ["OTHER"],
            "flow_json": json.dumps({"version": "7.1", "screens": [screen]}),
            "publish": True,
        }
        made = self.graph("POST", f"{self.waba['id']}/flows", flow)
        action = {
            "name": "flow",
            "parameters": {
                "flow_message_version": "3",
                "flow_id": made["id"],
                "flow_cta": "Open",
                "flow_token": "t",
                "flow_action": "navigate",
                "flow_action_payload": {"screen": "ASK"},
            },
        }
        return self.send(
            type="interactive", interactive={"type": "flow", "body": {"text": "?"}, "action": action}
        )

    def permission(self, accepts):
        asked = {
            "type": "call_permission_request",
            "body": {"text": "?"},
            "action": {"name": "call_permission_request"},
        }
        sent = self.send(type="interactive", interactive=asked)
        return self.act("call_permission", accepts=accepts, is_permanent=False, message_id=sent)

    def played(self, customer, here, send):
        sent = send(type="audio", audio={"link": "https://example.com/a.ogg", "voice": True})
        control("GET", "idle?wait_ms=20000")
        control("POST", f"{customer}/play", {**here, "message_id": sent})

    def template(self, event, name=None, **more):
        components = [{"type": "BODY", "text": "Your order is ready for you."}]
        name = name or f"order_{event.lower()}"
        body = {"name": name, "language": "en_US", "category": "UTILITY", "components": components}
        self.made = self.graph("POST", f"{self.waba['id']}/message_templates", body)["id"]
        control("POST", f"templates/{self.made}/decisions", {"event": event, **more})

    def edited(self):
        self.template("APPROVED", name="edited")
        components = [{"type": "BODY", "text": "Your order is all ready for you."}]
        self.graph("POST", self.made, {"components": components})
        control("POST", f"templates/{self.made}/decisions", {"event": "APPROVED"})


# Which of several webhooks is meant, by what it has in it.
MEANT = {
    "message_status.sent": b'"status":"sent"',
    "message_status.delivered": b'"status":"delivered"',
    "message_status.read": b'"status":"read"',
    "message_status.with_tracker": b'"status":"sent"',
    "message_status.played": b'"status":"played"',
    "template_components_update.element": b"message_template_components_update",
}


def main():
    with open(os.path.join(HERE, "pywa_updates.json")) as file:
        expected = json.load(file)
    scene = Stage()
    reader = Reader(
        phone_id=scene.number["id"], token="t", waba_id=scene.waba["id"], app_secret=scene.app["secret"]
    )
    scene.act("text", body="hi")
    wrong, count = [], 0
    for kind, play in played(scene):
        scene.receiver.all()
        play()
        came = scene.receiver.all()
        for body, signature in came:
            assert reader.wa.webhook_update_validator(body, signature) is None, "a signature is wrong"
        want = MEANT.get(kind)
        fit = [body for body, _ in came if (want in body if want else b'"statuses"' not in body)]
        assert fit, f"{kind}: none of {[body for body, _ in came]} is meant"
        read = reader.read(fit[-1])
        count += 1
        ours, theirs = (
            {member for member in side["members"] if not member.startswith(ANSWER)}
            for side in (read, expected[kind])
        )
        more = sorted(ours - theirs - NEWER)
        less = sorted(theirs - ours - OLDER.get(kind, set()))
        if more or less or read["handler"] != expected[kind]["handler"]:
            wrong.append(f"{kind} ({read['handler']}): more {more}, less {less}")
    assert not wrong, "\n".join(["what pywa reads differs:", *wrong])
    print(json.dumps({"client": "pywa updates", "calls": count, "methods": count}))


if sys.argv[1:2] == ["--table"]:
    table(sys.argv[2])
else:
    main()
