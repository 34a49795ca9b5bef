"""pywa, unmodified, against a running emulator: every part of it that the emulator knows.

    pip install "pywa==4.5.0" cryptography
    GRAPH_URL=… CONTROL_URL=… CONTROL_TOKEN=… python pywa_client.py

Only the address is set: `wa.api._session.base_url`. Prints how many calls went well.
"""

import json
import os
import tempfile
import urllib.request

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pywa import WhatsApp, types
from pywa.types import templates as t
from pywa.types.flows import (
    DataSource,
    Dropdown,
    FlowActionType,
    FlowJSON,
    FlowStatus,
    Footer,
    CompleteAction,
    Layout,
    Screen,
    TextHeading,
    TextInput,
)

CUSTOMER = "16505551234"
calls = 0


def control(method, path, body=None):
    request = urllib.request.Request(
        f"{os.environ['CONTROL_URL']}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['CONTROL_TOKEN']}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def scene():
    """An app, an account with a number, a token, a customer who has just written."""
    app = control("POST", "apps", {})
    waba = control("POST", "wabas", {"app_ids": [app["id"]]})
    number = control(
        "POST", "numbers", {"waba_id": waba["id"], "display_phone_number": "+1 555 078 3881"}
    )
    token = control("POST", "tokens", {"app_id": app["id"]})
    control("POST", "customers", {"phone": CUSTOMER, "name": "Sheena"})
    control(
        "POST",
        f"customers/{CUSTOMER}/acts",
        {"number_id": number["id"], "type": "text", "body": "hi"},
    )
    wa = WhatsApp(
        phone_id=number["id"],
        token=token["token"],
        waba_id=waba["id"],
        app_id=app["id"],
        app_secret=app["secret"],
        business_portfolio_id=waba["business_id"],
    )
    wa.api._session.base_url = f"{os.environ['GRAPH_URL']}/v25.0"
    return wa, number, app


def did(answer):
    global calls
    calls += 1
    return answer


def messages(wa):
    png = tempfile.NamedTemporaryFile(suffix=".png")
    png.write(b"PNG")
    png.flush()
    first = did(wa.send_message(to=CUSTOMER, text="hello", preview_url=True))
    did(
        wa.send_message(
            to=CUSTOMER,
            text="choose",
            buttons=[types.Button(title="Yes", callback_data="yes")],
        )
    )
    rows = [types.SectionRow(title="One", callback_data="1")]
    sections = [types.Section(title="All", rows=rows)]
    did(
        wa.send_message(
            to=CUSTOMER,
            text="choose",
            buttons=types.SectionList(button_title="Open", sections=sections),
        )
    )
    did(
        wa.send_message(
            to=CUSTOMER, text="go", buttons=types.URLButton(title="Go", url="https://example.com")
        )
    )
    did(wa.send_image(to=CUSTOMER, image=png.name, caption="look"))
    did(wa.send_video(to=CUSTOMER, video="https://example.com/a.mp4"))
    did(wa.send_document(to=CUSTOMER, document="https://example.com/a.pdf", filename="a.pdf"))
    did(wa.send_audio(to=CUSTOMER, audio="https://example.com/a.mp3"))
    did(wa.send_voice(to=CUSTOMER, voice="https://example.com/a.ogg"))
    did(wa.send_sticker(to=CUSTOMER, sticker="https://example.com/a.webp"))
    did(wa.send_reaction(to=CUSTOMER, emoji="👍", message_id=first.id))
    did(wa.remove_reaction(to=CUSTOMER, message_id=first.id))
    did(wa.send_location(to=CUSTOMER, latitude=1.5, longitude=2.5, name="Here"))
    did(wa.request_location(to=CUSTOMER, text="Where?"))
    did(wa.request_contact_info(to=CUSTOMER, text="Who?"))
    name = types.Contact.Name(formatted_name="Ann", first_name="Ann")
    did(wa.send_contact(to=CUSTOMER, contact=types.Contact(name=name)))
    did(wa.send_catalog(to=CUSTOMER, body="All"))
    did(wa.send_product(to=CUSTOMER, catalog_id="7", sku="1"))
    did(
        wa.send_products(
            to=CUSTOMER,
            catalog_id="7",
            product_sections=[types.ProductsSection(title="All", skus=["1"])],
            title="Products",
            body="All",
        )
    )
    received = control(
        "POST",
        f"customers/{CUSTOMER}/acts",
        {"number_id": wa.phone_id, "type": "text", "body": "thanks"},
    )["message_id"]
    did(wa.mark_message_as_read(received))
    did(wa.indicate_typing(received))


def media(wa):
    uploaded = did(wa.upload_media(media=b"PNG", mime_type="image/png", filename="a.png"))
    url = did(wa.get_media_url(uploaded.id))
    assert did(wa.get_media_bytes(url.url)) == b"PNG"
    assert url.mime_type == "image/png" and int(url.file_size) == 3, url
    did(wa.delete_media(uploaded.id))


def template_of_each_kind(wa):
    made = did(
        wa.create_template(
            t.Template(
                name="order_ready",
                category=t.TemplateCategory.UTILITY,
                language=t.TemplateLanguage.ENGLISH_US,
                parameter_format=t.ParamFormat.NAMED,
                components=[
                    t.HeaderText("Order {{number}}", number="42"),
                    t.BodyText("Hi {{name}}, the order is ready for you.", name="Ann"),
                    t.FooterText(text="Bye"),
                    t.Buttons(
                        buttons=[
                            t.QuickReplyButton(text="Thanks"),
                            t.URLButton(text="Track", url="https://example.com/{{1}}", example="42"),
                            t.PhoneNumberButton(text="Call", phone_number="16505551234"),
                        ]
                    ),
                ],
            )
        )
    )
    control("POST", f"templates/{made.id}/decisions", {"event": "APPROVED"})
    found = did(wa.get_template(made.id))
    assert found.status == t.TemplateStatus.APPROVED, found.status
    assert [item.name for item in did(wa.get_templates())] == ["order_ready"]
    did(
        wa.send_template(
            to=CUSTOMER,
            name="order_ready",
            language=t.TemplateLanguage.ENGLISH_US,
            params=[
                t.HeaderText.params(number="7"),
                t.BodyText.params(name="Bob"),
                t.QuickReplyButton.params(index=0, callback_data="ok"),
                t.URLButton.params(index=1, url_variable="7"),
            ],
        )
    )
    did(
        wa.create_template(
            t.Template(
                name="code",
                category=t.TemplateCategory.AUTHENTICATION,
                language=t.TemplateLanguage.ENGLISH_US,
                components=[
                    t.AuthenticationBody(add_security_recommendation=True),
                    t.AuthenticationFooter(code_expiration_minutes=5),
                    t.Buttons(buttons=[t.CopyCodeOTPButton(text="Copy")]),
                ],
            )
        )
    )
    did(wa.delete_template(template_name="code"))


def flow(wa):
    json_of_flow = FlowJSON(
        version="7.1",
        screens=[
            Screen(
                id="ASK",
                title="Who?",
                terminal=True,
                layout=Layout(
                    children=[
                        TextHeading(text="Hello"),
                        name := TextInput(name="name", label="Name"),
                        city := Dropdown(
                            name="city",
                            label="City",
                            data_source=[DataSource(id="b", title="Bern")],
                        ),
                        Footer(
                            label="Send",
                            on_click_action=CompleteAction(
                                payload={"name": name.ref, "city": city.ref}
                            ),
                        ),
                    ]
                ),
            )
        ],
    )
    made = did(
        wa.create_flow(name="Survey", categories=["OTHER"], flow_json=json_of_flow)
    )
    assert not made.validation_errors, made
    did(wa.update_flow_metadata(made.id, name="Survey 2"))
    updated = did(wa.update_flow_json(made.id, flow_json=json_of_flow))
    assert updated, updated
    found = did(wa.get_flow(made.id))
    assert found.name == "Survey 2" and found.preview.url, found
    assert [asset.name for asset in did(wa.get_flow_assets(made.id))] == ["flow.json"]
    did(wa.publish_flow(made.id))
    assert did(wa.get_flow(made.id)).status == FlowStatus.PUBLISHED
    button = types.FlowButton(
        title="Open",
        flow_id=made.id,
        flow_token="token",
        flow_action_type=FlowActionType.NAVIGATE,
        flow_action_screen="ASK",
    )
    did(wa.send_message(to=CUSTOMER, text="Tell us", buttons=button))
    view = control("POST", f"customers/{CUSTOMER}/flow", {"number_id": wa.phone_id})
    assert view["screen"]["id"] == "ASK", view
    done = control(
        "POST",
        f"customers/{CUSTOMER}/flow/steps",
        {"number_id": wa.phone_id, "do": "submit", "values": {"name": "Ann", "city": "b"}},
    )
    assert done["message_id"], done
    did(wa.deprecate_flow(made.id))
    assert len(list(did(wa.get_flows()))) == 1


def number(wa, app):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    did(wa.set_business_public_key(pem.decode()))
    did(
        wa.update_business_profile(
            about="Plants",
            email="a@example.com",
            websites=["https://example.com"],
            industry=types.Industry.RETAIL,
        )
    )
    profile = did(wa.get_business_profile())
    assert profile.about == "Plants" and profile.industry == types.Industry.RETAIL, profile
    assert did(wa.get_business_phone_number()).display_phone_number == "+1 555 078 3881"
    assert len(list(did(wa.get_business_phone_numbers()))) == 1
    did(wa.get_business_phone_number_settings())
    did(wa.get_business_account())
    assert len(list(did(wa.get_owned_business_accounts()))) == 1
    command = types.Command(name="help", description="Help")
    did(wa.update_conversational_automation(ice_breakers=["Hi"], commands=[command]))
    did(wa.update_commerce_settings(is_catalog_visible=True))
    assert did(wa.get_commerce_settings()).is_catalog_visible
    did(wa.update_display_name("Lucky Shrub"))
    code = did(wa.create_qr_code(prefilled_message="Hi"))
    did(wa.get_qr_code(code.code))
    did(wa.update_qr_code(code.code, prefilled_message="Hello"))
    assert len(list(did(wa.get_qr_codes()))) == 1
    did(wa.delete_qr_code(code.code))
    did(wa.block_users([CUSTOMER]))
    assert len(list(did(wa.get_blocked_users()))) == 1
    did(wa.unblock_users([CUSTOMER]))
    did(wa.register_phone_number(pin="123456"))
    did(wa.deregister_phone_number())
    did(wa.get_app_access_token(app["id"], app["secret"]))


def main():
    wa, _, app = scene()
    messages(wa)
    media(wa)
    template_of_each_kind(wa)
    flow(wa)
    number(wa, app)
    print(f"pywa: {calls} calls went well")


main()
