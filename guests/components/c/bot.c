// A WhatsApp bot in C: it says what it heard.
//
// It is all WASI 0.2, as most toolchains make it: `incoming-handler`, and messages by HTTP to Meta.
// The token in the environment is a placeholder; the host puts the project's own in its place, and
// writes each message down before it goes out.

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot.h"

static void write_body(wasi_http_0_2_12_types_own_outgoing_body_t body, const char *text)
{
    wasi_http_0_2_12_types_own_output_stream_t stream;
    wasi_http_0_2_12_types_method_outgoing_body_write(
        wasi_http_0_2_12_types_borrow_outgoing_body(body), &stream);
    wasi_io_streams_stream_error_t broken;
    // At most 4096 bytes at a time.
    for (size_t left = strlen(text), now; left > 0; text += now, left -= now) {
        now = left < 4096 ? left : 4096;
        bot_list_u8_t part = {(uint8_t *)text, now};
        wasi_io_streams_method_output_stream_blocking_write_and_flush(
            wasi_io_streams_borrow_output_stream(stream), &part, &broken);
    }
    wasi_io_streams_output_stream_drop_own(stream);
    wasi_http_0_2_12_types_error_code_t error;
    wasi_http_0_2_12_types_static_outgoing_body_finish(body, NULL, &error);
}

static void answer(exports_wasi_http_0_2_12_incoming_handler_own_response_outparam_t out, uint16_t status,
                   const char *text)
{
    wasi_http_0_2_12_types_own_outgoing_response_t response =
        wasi_http_0_2_12_types_constructor_outgoing_response(wasi_http_0_2_12_types_constructor_fields());
    wasi_http_0_2_12_types_borrow_outgoing_response_t whole =
        wasi_http_0_2_12_types_borrow_outgoing_response(response);
    wasi_http_0_2_12_types_method_outgoing_response_set_status_code(whole, status);
    wasi_http_0_2_12_types_own_outgoing_body_t body;
    wasi_http_0_2_12_types_method_outgoing_response_body(whole, &body);
    wasi_http_0_2_12_types_result_own_outgoing_response_error_code_t set = {.is_err = false};
    set.val.ok = response;
    wasi_http_0_2_12_types_static_response_outparam_set(out, &set);

    write_body(body, text);
}

// The request's whole body, ended by a zero.
static char *read_body(exports_wasi_http_0_2_12_incoming_handler_own_incoming_request_t request)
{
    wasi_http_0_2_12_types_own_incoming_body_t body;
    wasi_http_0_2_12_types_method_incoming_request_consume(
        wasi_http_0_2_12_types_borrow_incoming_request(request), &body);
    wasi_http_0_2_12_types_own_input_stream_t stream;
    wasi_http_0_2_12_types_method_incoming_body_stream(wasi_http_0_2_12_types_borrow_incoming_body(body), &stream);
    char *text = NULL;
    size_t length = 0;
    bot_list_u8_t part;
    wasi_io_streams_stream_error_t end;
    while (wasi_io_streams_method_input_stream_blocking_read(
        wasi_io_streams_borrow_input_stream(stream), 64 * 1024, &part, &end)) {
        text = realloc(text, length + part.len + 1);
        memcpy(text + length, part.ptr, part.len);
        length += part.len;
        bot_list_u8_free(&part);
    }
    wasi_io_streams_input_stream_drop_own(stream);
    wasi_http_0_2_12_types_incoming_body_drop_own(body);
    if (text == NULL)
        return strdup("");
    text[length] = 0;
    return text;
}

// Copies the value of a JSON string with this key, from `json` on, and undoes its escapes.
// A bot that reads more of Meta's JSON links a library for it.
static bool json_string(const char *json, const char *key, char *value, size_t size)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":\"", key);
    const char *at = strstr(json, quoted);
    if (at == NULL)
        return false;
    size_t length = 0;
    for (at += strlen(quoted); *at != 0 && *at != '"' && length + 4 < size; at++) {
        if (*at != '\\') {
            value[length++] = *at;
            continue;
        }
        at++;
        unsigned code;
        if (*at == 'u' && sscanf(at + 1, "%4x", &code) == 1) {
            // What lies beyond three bytes of UTF-8 stands there as two halves, and is left out.
            if (code < 0x80) {
                value[length++] = (char)code;
            } else if (code < 0x800) {
                value[length++] = (char)(0xc0 | code >> 6);
                value[length++] = (char)(0x80 | (code & 0x3f));
            } else if (code < 0xd800 || code > 0xdfff) {
                value[length++] = (char)(0xe0 | code >> 12);
                value[length++] = (char)(0x80 | (code >> 6 & 0x3f));
                value[length++] = (char)(0x80 | (code & 0x3f));
            }
            at += 4;
        } else {
            value[length++] = *at == 'n' ? '\n' : *at == 't' ? '\t' : *at;
        }
    }
    value[length] = 0;
    return true;
}

// Writes a JSON string, quotes included.
static void quote(char *out, size_t size, const char *text)
{
    size_t length = 0;
    out[length++] = '"';
    for (; *text != 0 && length + 8 < size; text++) {
        if ((unsigned char)*text < 0x20) {
            length += (size_t)sprintf(out + length, "\\u%04x", *text);
            continue;
        }
        if (*text == '"' || *text == '\\')
            out[length++] = '\\';
        out[length++] = *text;
    }
    out[length++] = '"';
    out[length] = 0;
}

static void header(wasi_http_0_2_12_types_own_fields_t fields, const char *name, const char *value)
{
    bot_string_t key;
    bot_string_set(&key, name);
    wasi_http_0_2_12_types_field_value_t bytes = {(uint8_t *)value, strlen(value)};
    wasi_http_0_2_12_types_header_error_t refused;
    wasi_http_0_2_12_types_method_fields_append(wasi_http_0_2_12_types_borrow_fields(fields), &key,
                                                &bytes, &refused);
}

// POSTs JSON to Meta, and gives the status; 0 when there is none.
static unsigned post_to_meta(const char *path, const char *json)
{
    char authorization[512];
    snprintf(authorization, sizeof authorization, "Bearer %s", getenv("WHATSAPP_TOKEN"));
    wasi_http_0_2_12_types_own_fields_t fields = wasi_http_0_2_12_types_constructor_fields();
    header(fields, "authorization", authorization);
    header(fields, "content-type", "application/json");
    wasi_http_0_2_12_types_own_outgoing_request_t request =
        wasi_http_0_2_12_types_constructor_outgoing_request(fields);
    wasi_http_0_2_12_types_borrow_outgoing_request_t asked =
        wasi_http_0_2_12_types_borrow_outgoing_request(request);
    wasi_http_0_2_12_types_method_t method = {.tag = WASI_HTTP_0_2_12_TYPES_METHOD_POST};
    wasi_http_0_2_12_types_scheme_t scheme = {.tag = WASI_HTTP_0_2_12_TYPES_SCHEME_HTTPS};
    bot_string_t host, target;
    bot_string_set(&host, "graph.facebook.com");
    bot_string_set(&target, path);
    wasi_http_0_2_12_types_method_outgoing_request_set_method(asked, &method);
    wasi_http_0_2_12_types_method_outgoing_request_set_scheme(asked, &scheme);
    wasi_http_0_2_12_types_method_outgoing_request_set_authority(asked, &host);
    wasi_http_0_2_12_types_method_outgoing_request_set_path_with_query(asked, &target);
    wasi_http_0_2_12_types_own_outgoing_body_t body;
    wasi_http_0_2_12_types_method_outgoing_request_body(asked, &body);

    wasi_http_0_2_12_outgoing_handler_own_future_incoming_response_t future;
    wasi_http_0_2_12_outgoing_handler_error_code_t error;
    if (!wasi_http_0_2_12_outgoing_handler_handle(request, NULL, &future, &error))
        return 0;
    write_body(body, json);
    wasi_http_0_2_12_types_borrow_future_incoming_response_t waited =
        wasi_http_0_2_12_types_borrow_future_incoming_response(future);
    wasi_io_poll_own_pollable_t ready =
        wasi_http_0_2_12_types_method_future_incoming_response_subscribe(waited);
    wasi_io_poll_method_pollable_block(wasi_io_poll_borrow_pollable(ready));
    wasi_io_poll_pollable_drop_own(ready);
    wasi_http_0_2_12_types_result_result_own_incoming_response_error_code_void_t got;
    if (!wasi_http_0_2_12_types_method_future_incoming_response_get(waited, &got) || got.is_err ||
        got.val.ok.is_err)
        return 0;
    return wasi_http_0_2_12_types_method_incoming_response_status(
        wasi_http_0_2_12_types_borrow_incoming_response(got.val.ok.val.ok));
}

static bool reply(const char *contact, const char *text)
{
    char said[4200], quoted[8500], json[9000], path[128];
    snprintf(said, sizeof said, "You said: %s", text);
    quote(quoted, sizeof quoted, said);
    snprintf(json, sizeof json,
             "{\"messaging_product\":\"whatsapp\",\"to\":\"%s\",\"type\":\"text\",\"text\":{\"body\":%s}}",
             contact, quoted);
    snprintf(path, sizeof path, "/v25.0/%s/messages", getenv("PHONE_NUMBER_ID"));
    unsigned status = post_to_meta(path, json);
    // Standard output is the project's log. libc keeps it back: it is no terminal, and no event
    // ends with `exit`.
    printf("Meta answered %u\n", status);
    fflush(stdout);
    return status == 200;
}

// What Meta asks once, when the webhook is set up.
static void handshake(exports_wasi_http_0_2_12_incoming_handler_own_response_outparam_t out,
                      const char *target)
{
    const char *token = getenv("VERIFY_TOKEN");
    const char *given = strstr(target, "hub.verify_token=");
    const char *challenge = strstr(target, "hub.challenge=");
    if (token == NULL || given == NULL || challenge == NULL ||
        strncmp(given + strlen("hub.verify_token="), token, strlen(token)) != 0) {
        answer(out, 403, "another verify token");
        return;
    }
    char digits[64] = "";
    sscanf(challenge + strlen("hub.challenge="), "%63[^&]", digits);
    answer(out, 200, digits);
}

void exports_wasi_http_0_2_12_incoming_handler_handle(
    exports_wasi_http_0_2_12_incoming_handler_own_incoming_request_t request,
    exports_wasi_http_0_2_12_incoming_handler_own_response_outparam_t out)
{
    wasi_http_0_2_12_types_borrow_incoming_request_t asked =
        wasi_http_0_2_12_types_borrow_incoming_request(request);
    bot_string_t path;
    char target[2048] = "/";
    if (wasi_http_0_2_12_types_method_incoming_request_path_with_query(asked, &path)) {
        snprintf(target, sizeof target, "%.*s", (int)path.len, path.ptr);
        bot_string_free(&path);
    }
    if (strncmp(target, "/webhook", 8) != 0 || (target[8] != 0 && target[8] != '?')) {
        answer(out, 404, "there is only /webhook");
        return;
    }
    wasi_http_0_2_12_types_method_t method;
    wasi_http_0_2_12_types_method_incoming_request_method(asked, &method);
    if (method.tag == WASI_HTTP_0_2_12_TYPES_METHOD_GET) {
        handshake(out, target);
        return;
    }
    // The host has verified Meta's signature; this request carries one of the project's own.
    char *json = read_body(request);
    char *messages = strstr(json, "\"messages\":[");
    char contact[64], text[4100] = "something that is no text";
    bool good = true;
    if (messages != NULL && json_string(messages, "from", contact, sizeof contact)) {
        json_string(messages, "body", text, sizeof text);
        good = reply(contact, text);
    }
    free(json);
    // Anything but 200 to 299 has the event tried again.
    answer(out, good ? 200 : 500, good ? "ok" : "no reply went out");
}
