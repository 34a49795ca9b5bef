"""A WhatsApp bot in Python: it counts what each contact writes, and says so.

Meta's handshake, the signature of what comes, the project's database and the
project's number: everything that a bot does, by `roost:bot` and no other way.
"""

import hashlib
import hmac
from urllib.parse import parse_qs, urlsplit

import componentize_py_async_support as tasks
import wit_world
from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports import database, log, secrets, webhooks, whatsapp
from wit_world.imports.database import Value_Text
from wit_world.imports.wasi_http_types import Fields, Method_Get, Method_Post, Request, Response

TABLE = """
create table if not exists heard (
    contact text primary key,
    messages integer not null
)
"""

COUNT = """
insert into heard (contact, messages) values ($1, 1)
on conflict (contact) do update set messages = heard.messages + 1
returning messages
"""


class Handler(exports.Handler):
    """`wasi:http/handler`, by which every event arrives."""

    async def handle(self, request: Request) -> Response:
        method = request.get_method()
        target = urlsplit(request.get_path_with_query() or "/")
        if target.path != "/webhook":
            return answer(404, "there is only /webhook")
        if isinstance(method, Method_Get):
            return handshake(parse_qs(target.query))
        if isinstance(method, Method_Post):
            return await webhook(request)
        return answer(405, "GET and POST only")


def handshake(query: dict[str, list[str]]) -> Response:
    """What Meta asks once, when the webhook is set up."""
    if query.get("hub.verify_token") != [secrets.get("VERIFY_TOKEN")]:
        return answer(403, "another verify token")
    return answer(200, query.get("hub.challenge", [""])[0])


async def webhook(request: Request) -> Response:
    signature = request.get_headers().get("x-hub-signature-256")
    raw = await body(request)
    if not is_signed(raw, signature[0].decode() if signature else ""):
        return answer(401, "not signed by Meta")
    for message in webhooks.read_messages(raw.decode()):
        await reply(message)
    return answer(200, "ok")


def is_signed(raw: bytes, signature: str) -> bool:
    secret = (secrets.get("APP_SECRET") or "").encode()
    wanted = "sha256=" + hmac.new(secret, raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, signature)


async def reply(message: webhooks.Message) -> None:
    contact = message.from_
    text = message.text or "something that is no text"
    await database.query(TABLE, [])
    rows = await database.query(COUNT, [Value_Text(contact)])
    count = rows.rows[0][0].value
    try:
        sent = await whatsapp.send_text(
            whatsapp.TextMessage(
                to=contact,
                body=f"Message {count} from you: {text}",
                preview_url=False,
                reply_to=None,
            )
        )
    except Err as refused:
        # Not caught, it fails the event, which is then tried again.
        log.write(log.Level.ERROR, f"the reply did not go out: {refused.value}")
        raise
    print(f"replied with {sent.message_id}")


async def body(request: Request) -> bytes:
    _, received = wit_world.result_unit_wasi_http_types_error_code_future(lambda: Ok(None))
    stream, _ = Request.consume_body(request, received)
    chunks = []
    with stream:
        while not stream.writer_dropped:
            chunks.append(await stream.read(64 * 1024))
    return b"".join(chunks)


def answer(status: int, text: str) -> Response:
    content = text.encode()
    headers = Fields.from_list(
        [("content-type", b"text/plain; charset=utf-8"), ("content-length", str(len(content)).encode())]
    )
    writer, reader = wit_world.byte_stream()
    _, trailers = wit_world.result_option_wasi_http_types_fields_wasi_http_types_error_code_future(lambda: Ok(None))
    response, _ = Response.new(headers, reader, trailers)
    response.set_status_code(status)

    async def write() -> None:
        with writer:
            await writer.write_all(content)

    tasks.spawn(write())
    return response
