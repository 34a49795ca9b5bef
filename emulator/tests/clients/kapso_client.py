"""kapso-whatsapp-cloud-api (Python), unmodified, against a running emulator: every method of its resources.

It reads answers and webhooks into pydantic models. Its address is an argument of it.
"""

import asyncio
import json

import kapso_whatsapp
from kapso_whatsapp import exceptions, types, webhooks
from kapso_whatsapp.resources import (
    CallsResource, ContactsResource, ConversationsResource, FlowsResource, MediaResource, MessagesResource,
    PhoneNumbersResource, TemplatesResource,
)  # fmt: skip

from scene import CUSTOMER, GRAPH, PNG, Counted, Scene, control, public_methods, unknown_to_the_emulator

# Of these the client says that only its maker's own service has them.
OF_KAPSO = {
    f"{part}.{name}"
    for part, names in {
        "calls": ["list", "get", "request_permission"],
        "contacts": ["list", "get", "update"],
        "conversations": ["list", "get", "update_status"],
        "messages": ["list", "list_by_conversation", "query"],
    }.items()
    for name in names
}
# A path that Meta does not have: the preview of a Flow is a field of it.
BROKEN = {"flows.get_preview"}

FLOW = {
    "version": "7.1",
    "screens": [
        {
            "id": "ASK",
            "title": "Who?",
            "terminal": True,
            "layout": {
                "type": "SingleColumnLayout",
                "children": [
                    {"type": "TextInput", "name": "name", "label": "Name"},
                    {
                        "type": "Footer",
                        "label": "Send",
                        "on-click-action": {"name": "complete", "payload": {"name": "${form.name}"}},
                    },
                ],
            },
        }
    ],
}


async def sends(wa, scene):
    to = {"phone_number_id": scene.number["id"], "to": CUSTOMER}
    messages = wa.part("messages")
    first = await messages.send_text(**to, body="hello", preview_url=True, biz_opaque_callback_data="t")
    assert isinstance(first, types.SendMessageResponse) and first.contacts[0].wa_id == CUSTOMER
    first = first.message_id
    link = "https://example.com/file"
    await messages.send_image(**to, image={"link": f"{link}.png", "caption": "look"}, context={"message_id": first})
    await messages.send_video(**to, video={"link": f"{link}.mp4"})
    await messages.send_audio(**to, audio={"link": f"{link}.mp3"})
    await messages.send_document(**to, document={"link": f"{link}.pdf", "filename": "a.pdf"})
    await messages.send_sticker(**to, sticker={"link": f"{link}.webp"})
    await messages.send_location(**to, location={"latitude": 1.5, "longitude": 2.5, "name": "Here"})
    name = {"formatted_name": "Ann Lee", "first_name": "Ann"}
    await messages.send_contacts(**to, contacts=[{"name": name, "phones": [{"phone": "+16505551235"}]}])
    await messages.send_reaction(**to, reaction={"message_id": first, "emoji": "👍"})
    buttons = [{"id": "yes", "title": "Yes"}, {"id": "no", "title": "No"}]
    await messages.send_interactive_buttons(
        **to, body_text="choose", buttons=buttons, header_text="H", footer_text="F"
    )
    scene.act("tap", button="Yes")
    rows = [{"id": "1", "title": "One", "description": "first"}]
    await messages.send_interactive_list(
        **to, body_text="choose", button_text="Open", sections=[{"title": "All", "rows": rows}]
    )
    scene.act("choose", row="One")
    await messages.send_interactive_cta_url(
        **to, body_text="go", parameters={"display_text": "Go", "url": "https://example.com"}
    )
    await messages.send_interactive_location_request(**to, body_text="Where?")
    await messages.send_interactive_product(**to, catalog_id="7", product_retailer_id="1", body_text="One")
    shelf = [{"title": "All", "product_items": [{"product_retailer_id": "1"}]}]
    await messages.send_interactive_product_list(
        **to, catalog_id="7", sections=shelf, header_text="Products", body_text="All"
    )
    await messages.send_interactive_catalog(**to, body_text="All", thumbnail_product_retailer_id="1")
    received = scene.act("text", body="thanks")
    read = {"phone_number_id": scene.number["id"], "message_id": received}
    assert (await messages.mark_read(**read))["success"]
    # Errors have kinds of their own.
    for call, error in [
        # The client's own mistake: it sends `true`, and Meta has an object here.
        (wa.client.messages.mark_read(**read, typing_indicator=True), exceptions.ValidationError),
        (messages.send_text(**{**to, "to": ""}, body="x"), exceptions.WhatsAppAPIError),
        (messages.send_template(**to, template={"name": "none", "language": {"code": "en_US"}}), exceptions.WhatsAppAPIError),
    ]:
        try:
            await call
            raise AssertionError("an error was expected")
        except error:
            pass


async def the_rest(wa, scene):
    number, waba = {"phone_number_id": scene.number["id"]}, scene.waba["id"]
    to = {**number, "to": CUSTOMER}
    media = wa.part("media")
    uploaded = await media.upload(**number, file=PNG, type="image/png", filename="a.png")
    found = await media.get(media_id=uploaded.id)
    assert found.mime_type == "image/png" and found.sha256, found
    assert await media.download(media_id=uploaded.id) == PNG
    assert (await media.delete(media_id=uploaded.id))["success"]

    templates = wa.part("templates")
    text = "Hi {{1}}, it is ready now."
    made = await templates.create(
        business_account_id=waba,
        name="order_ready",
        language="en_US",
        category="UTILITY",
        components=[{"type": "BODY", "text": text, "example": {"body_text": [["Ann"]]}}],
    )
    control("POST", f"templates/{made['id']}/decisions", {"event": "APPROVED"})
    assert (await templates.get(template_id=made["id"]))["status"] == "APPROVED"
    listed = await templates.list(business_account_id=waba, status="APPROVED", limit=1)
    assert [item["name"] for item in listed["data"]] == ["order_ready"], listed
    values = [{"type": "body", "parameters": [{"type": "text", "text": "Bob"}]}]
    await wa.part("messages").send_template(
        **to, template={"name": "order_ready", "language": {"code": "en_US"}, "components": values}
    )
    assert scene.last_sent()["rendered"]["body"] == "Hi Bob, it is ready now."
    await templates.delete(business_account_id=waba, name="order_ready")

    flows = wa.part("flows")
    made = await flows.create(waba_id=waba, name="Survey", categories=["OTHER"])
    checked = await flows.update_asset(flow_id=made["id"], asset=FLOW)
    assert checked["success"] and not checked["validation_errors"], checked
    await flows.publish(flow_id=made["id"])
    assert (await flows.get(flow_id=made["id"]))["status"] == "PUBLISHED"
    assert len((await flows.list(waba_id=waba))["data"]) == 1
    await wa.part("messages").send_interactive_flow(
        **to,
        body_text="Tell us",
        parameters={
            "flow_id": made["id"],
            "flow_cta": "Open",
            "flow_token": "token",
            "flow_action": "navigate",
            "flow_action_payload": {"screen": "ASK"},
        },
    )
    here = {"number_id": scene.number["id"]}
    control("POST", f"customers/{CUSTOMER}/flow", here)
    step = {**here, "do": "submit", "values": {"name": "Ann"}}
    assert control("POST", f"customers/{CUSTOMER}/flow/steps", step)["message_id"]
    await flows.deprecate(flow_id=made["id"])
    # It makes Flows without a category, which Meta requires, so it deploys to one that is there.
    await flows.create(waba_id=waba, name="Deployed", categories=["OTHER"])
    deployed = await flows.deploy(flow_json=FLOW, waba_id=waba, name="Deployed", publish=False)
    await flows.delete(flow_id=deployed.get("flow_id") or deployed["id"])
    await unknown_to_the_emulator(wa.client.flows.get_preview(flow_id=made["id"]), exceptions.WhatsAppAPIError)

    numbers = wa.part("phone_numbers")
    await numbers.update_business_profile(**number, about="Plants", vertical="RETAIL", websites=["https://example.com"])
    profile = (await numbers.get_business_profile(**number))["data"][0]
    assert profile["about"] == "Plants", profile
    await numbers.get_settings(**number)
    await numbers.update_settings(**number, calling={"status": "ENABLED"})
    body = {
        "waba_id": waba,
        "display_phone_number": "+1 650 555 0199",
        "code_verification_status": "NOT_VERIFIED",
    }
    second = control("POST", "numbers", body)["id"]
    await numbers.request_code(phone_number_id=second, code_method="SMS")
    code = control("GET", f"numbers/{second}")["pending_code"]
    await numbers.verify_code(phone_number_id=second, code=code)
    await numbers.register(phone_number_id=second, pin="123456")
    await numbers.deregister(phone_number_id=second)


def hooks(scene):
    """Every webhook passes the check of its signature, and is read."""
    secret, kinds, statuses = scene.app["secret"], set(), set()
    file = {"mime_type": "image/png", "data": "UE5H"}
    scene.act("image", caption="see", **file)
    scene.act("sticker", mime_type="image/webp", data="UE5H")
    scene.act("location", latitude=1.5, longitude=2.5)
    scene.act("contacts", contacts=[{"name": {"formatted_name": "Ann"}}])
    scene.act("reaction", message_id=scene.last_sent()["id"], emoji="👍")
    scene.act("order", catalog_id="7", product_items=[{"product_retailer_id": "1", "quantity": 1, "item_price": 2.5, "currency": "USD"}])
    for body, signature in scene.receiver.all():
        assert webhooks.verify_signature(app_secret=secret, raw_body=body, signature_header=signature)
        assert not webhooks.verify_signature(app_secret=secret, raw_body=body + b" ", signature_header=signature)
        told = webhooks.normalize_webhook(json.loads(body))
        kinds |= {message["type"] for message in told.messages}
        statuses |= {status.status for status in told.statuses}
        if told.messages:
            assert told.phone_number_id == scene.number["id"], told
            assert told.contacts[0]["profile"]["name"] == "Sheena Nelson", told
    expected = {"text", "image", "sticker", "location", "contacts", "reaction", "order", "interactive"}
    assert kinds == expected, kinds ^ expected
    assert {"sent", "delivered"} <= statuses, statuses


async def main():
    scene = Scene()
    client = kapso_whatsapp.WhatsAppClient(access_token=scene.token, base_url=GRAPH, max_retries=0)
    wa = Counted(client)
    scene.act("text", body="hi")
    await sends(wa, scene)
    await the_rest(wa, scene)
    hooks(scene)
    parts = {
        "calls": CallsResource, "contacts": ContactsResource, "conversations": ConversationsResource,
        "flows": FlowsResource, "media": MediaResource, "messages": MessagesResource,
        "phone_numbers": PhoneNumbersResource, "templates": TemplatesResource,
    }  # fmt: skip
    public = [name for part, kind in parts.items() for name in public_methods(kind, f"{part}.")]
    await client.close()
    wa.report("kapso-whatsapp-cloud-api", public, OF_KAPSO | BROKEN)


asyncio.run(main())
