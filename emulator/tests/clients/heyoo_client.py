"""heyoo, unmodified, against a running emulator: every method of its client. Its addresses are attributes of it."""

import asyncio
import json
import os
import tempfile

import heyoo

from scene import CUSTOMER, GRAPH, PNG, Counted, Scene, control, public_methods


def base64_of(data):
    import base64

    return base64.b64encode(data).decode()


async def sends(wa, scene):
    async def sent(call):
        answer = await call
        assert "error" not in answer, answer
        return answer["messages"][0]["id"]

    first = await sent(wa.send_message("hello", CUSTOMER))
    await sent(wa.reply_to_message(first, CUSTOMER, "a reply"))
    await sent(wa.send_reaction("👍", first, CUSTOMER))
    await sent(wa.send_location("1.5", "2.5", "Here", "There 1", CUSTOMER))
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "a.png")
    with open(path, "wb") as file:
        file.write(PNG)
    uploaded = await wa.upload_media(path)
    link = "https://example.com/file"
    await sent(wa.send_image(f"{link}.png", CUSTOMER, caption="look"))
    await sent(wa.send_image(uploaded["id"], CUSTOMER, link=False))
    await sent(wa.send_sticker(f"{link}.webp", CUSTOMER))
    await sent(wa.send_audio(f"{link}.mp3", CUSTOMER))
    await sent(wa.send_video(f"{link}.mp4", CUSTOMER, caption="see"))
    await sent(wa.send_document(f"{link}.pdf", CUSTOMER, caption="read"))
    name = {"formatted_name": "Ann Lee", "first_name": "Ann"}
    await sent(wa.send_contacts([{"name": name, "phones": [{"phone": "+16505551235"}]}], CUSTOMER))
    body = {"messaging_product": "whatsapp", "to": CUSTOMER, "type": "text", "text": {"body": "raw"}}
    await sent(wa.send_custom_json(body))
    rows = [{"id": "1", "title": "One", "description": "first"}, {"id": "2", "title": "Two", "description": ""}]
    menu = {
        "header": "H",
        "body": "choose",
        "footer": "F",
        "action": {"button": "Open", "sections": [{"title": "All", "rows": rows}]},
    }
    made = await wa.create_button(menu)
    assert made["type"] == "list", made
    await sent(wa.send_button(menu, CUSTOMER))
    scene.act("choose", row="Two")
    reply = {"type": "reply", "reply": {"id": "yes", "title": "Yes"}}
    buttons = {"type": "button", "body": {"text": "choose"}, "action": {"buttons": [reply]}}
    await sent(wa.send_reply_button(buttons, CUSTOMER))
    scene.act("tap", button="Yes")
    template = {
        "waba_id": scene.waba["id"],
        "name": "order_ready",
        "language": "en_US",
        "category": "UTILITY",
        "status": "APPROVED",
        "components": [
            {"type": "BODY", "text": "Hi {{1}}, it is ready now.", "example": {"body_text": [["Ann"]]}}
        ],
    }
    control("POST", "templates", template)
    values = [{"type": "body", "parameters": [{"type": "text", "text": "Bob"}]}]
    await sent(wa.send_template("order_ready", CUSTOMER, values))
    assert scene.last_sent()["rendered"]["body"] == "Hi Bob, it is ready now."
    # A mistake is answered, not raised.
    wrong = await wa.send_template("no_such", CUSTOMER, [])
    assert wrong["error"]["code"] == 132001, wrong

    url = await wa.query_media_url(uploaded["id"])
    path = await wa.download_media(url, "image/png", os.path.join(folder, "b"))
    with open(path, "rb") as file:
        assert file.read() == PNG
    assert (await wa.delete_media(uploaded["id"]))["success"]
    assert (await wa.mark_as_read(scene.act("text", body="thanks")))["success"]


async def webhooks(wa, scene):
    """What it reads of each webhook: by method, the type of message that it is of, and what it reads there."""
    file = {"data": base64_of(PNG)}
    scene.receiver.all()
    scene.act("text", body="hi")
    scene.act("location", latitude=1.5, longitude=2.5)
    scene.act("image", mime_type="image/png", caption="see", **file)
    scene.act("video", mime_type="video/mp4", **file)
    scene.act("audio", mime_type="audio/mpeg", **file)
    scene.act("document", mime_type="application/pdf", filename="a.pdf", **file)
    by_type, statuses = {}, []
    for body, _ in scene.receiver.all():
        data = json.loads(body)
        assert await wa.changed_field(data) == "messages"
        if await wa.is_message(data):
            by_type[await wa.get_message_type(data)] = data
        else:
            statuses.append(await wa.get_delivery(data))
    text = by_type["text"]
    assert await wa.get_message(text) == "hi"
    assert await wa.get_mobile(text) == CUSTOMER
    assert await wa.get_name(text) == "Sheena Nelson"
    assert (await wa.get_message_id(text)).startswith("wamid.")
    assert int(await wa.get_message_timestamp(text)) > 1_000_000_000
    assert await wa.preprocess(text) == text["entry"][0]["changes"][0]["value"]
    assert (await wa.get_location(by_type["location"]))["latitude"] == 1.5
    for kind in ["image", "video", "audio", "document"]:
        read = await getattr(wa, f"get_{kind}")(by_type[kind])
        assert read["id"] and read["mime_type"] and read["sha256"], (kind, read)
    return statuses


async def main():
    scene = Scene()
    plain = heyoo.WhatsApp(scene.token, scene.number["id"])
    plain.base_url = f"{GRAPH}/v14.0"
    plain.v15_base_url = f"{GRAPH}/v15.0"
    plain.url = f"{plain.base_url}/{scene.number['id']}/messages"
    wa = Counted(plain)
    scene.act("text", body="hi")
    await sends(wa, scene)
    told = []
    for body, _ in scene.receiver.all():
        data = json.loads(body)
        if await wa.is_message(data):
            told.append(await wa.get_interactive_response(data))
        else:
            told.append(await wa.get_delivery(data))
    assert {"sent", "delivered"} <= {item for item in told if isinstance(item, str)}, told
    replies = [item["type"] for item in told if isinstance(item, dict)]
    assert sorted(replies) == ["button_reply", "list_reply"], replies
    await webhooks(wa, scene)
    wa.report("heyoo", public_methods(heyoo.WhatsApp), set())


asyncio.run(main())
