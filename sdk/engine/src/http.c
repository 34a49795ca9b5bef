/* HTTP, both ways: requests that come in as tasks, and requests that go out. */

#include "glue.h"

struct request {
  int id;
  bool answered;
};

static int last_id;
/* One request is handled at a time in an instance, so far. */
static request *open_request;

bool request_answered(const request *self) { return self->answered; }

void request_fail(request *self, const char *message) {
  exports_wasi_http_handler_result_own_response_error_code_t result = { .is_err = true };
  result.val.err.tag = WASI_HTTP_TYPES_ERROR_CODE_INTERNAL_ERROR;
  result.val.err.val.internal_error.is_some = true;
  result.val.err.val.internal_error.val = (engine_string_t){ (uint8_t *)message, strlen(message) };
  self->answered = true;
  exports_wasi_http_handler_handle_return(result);
}

void request_drop(request *self) {
  if (open_request == self) open_request = NULL;
  free(self);
}

static JSValue string_of(engine_string_t *text) {
  JSValue value = JS_NewStringLen(js, (const char *)text->ptr, text->len);
  engine_string_free(text);
  return value;
}

/* Header values are bytes: as in Node, each becomes one character. */
static JSValue bytes_to_latin1(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] >= 0x80) {
      uint16_t *wide = malloc(size * sizeof *wide);
      for (size_t k = 0; k < size; k++) wide[k] = bytes[k];
      JSValue value = JS_NewStringUTF16(js, wide, size);
      free(wide);
      return value;
    }
  }
  return JS_NewStringLen(js, (const char *)bytes, size);
}

static bool is_length(const engine_string_t *name) {
  static const char length[] = "content-length";
  return name->len == sizeof length - 1 && !memcmp(name->ptr, length, name->len);
}

static int64_t length_of(const uint8_t *digits, size_t size) {
  int64_t length = 0;
  if (size == 0 || size > 15) return -1;
  for (size_t i = 0; i < size; i++) {
    if (digits[i] < '0' || digits[i] > '9') return -1;
    length = length * 10 + (digits[i] - '0');
  }
  return length;
}

/* Also gives the length of the body that the headers say, or -1. */
static JSValue headers_to_js(wasi_http_types_own_fields_t fields, int64_t *length) {
  wasi_http_types_list_tuple2_field_name_field_value_t all;
  wasi_http_types_method_fields_copy_all(wasi_http_types_borrow_fields(fields), &all);
  wasi_http_types_fields_drop_own(fields);
  JSValue array = JS_NewArray(js);
  *length = -1;
  for (size_t i = 0; i < all.len; i++) {
    if (is_length(&all.ptr[i].f0)) *length = length_of(all.ptr[i].f1.ptr, all.ptr[i].f1.len);
    JS_SetPropertyUint32(js, array, 2 * i,
                         JS_NewStringLen(js, (const char *)all.ptr[i].f0.ptr, all.ptr[i].f0.len));
    JS_SetPropertyUint32(js, array, 2 * i + 1,
                         bytes_to_latin1(all.ptr[i].f1.ptr, all.ptr[i].f1.len));
  }
  wasi_http_types_list_tuple2_field_name_field_value_free(&all);
  return array;
}

/* Makes fields of names and values in turn; false with an exception when one is refused. */
static bool headers_from_js(JSValueConst array, wasi_http_types_own_fields_t *fields) {
  int64_t length;
  if (JS_GetLength(js, array, &length)) return false;
  if (length > INT32_MAX) {
    JS_ThrowRangeError(js, "Invalid array length");
    return false;
  }
  wasi_http_types_list_tuple2_field_name_field_value_t all = { calloc(length / 2 + 1, sizeof *all.ptr), length / 2 };
  bool good = true;
  for (size_t i = 0; i < all.len && good; i++) {
    engine_string_t *parts[2] = { &all.ptr[i].f0, (engine_string_t *)&all.ptr[i].f1 };
    for (int k = 0; k < 2 && good; k++) {
      JSValue value = JS_GetPropertyUint32(js, array, 2 * i + k);
      size_t size;
      const char *text = JS_ToCStringLen(js, &size, value);
      JS_FreeValue(js, value);
      if (!text) { good = false; break; }
      uint8_t *bytes = malloc(size + 1);
      memcpy(bytes, text, size);
      JS_FreeCString(js, text);
      if (k) {
        /* Back from a character a byte (UTF-8 of U+0080 to U+00FF) to bytes. */
        size_t out = 0;
        for (size_t in = 0; in < size; in++) {
          uint8_t b = bytes[in];
          if ((b == 0xc2 || b == 0xc3) && in + 1 < size) b = (uint8_t)(b << 6) | (bytes[++in] & 0x3f);
          bytes[out++] = b;
        }
        size = out;
      }
      parts[k]->ptr = bytes;
      parts[k]->len = size;
    }
  }
  wasi_http_types_header_error_t error = { 0 };
  if (good && !wasi_http_types_static_fields_from_list(&all, fields, &error)) {
    static const char *reasons[] = { "has invalid characters", "is one that Roost sets itself",
                                     "cannot be changed", "is too large", "is refused" };
    JS_ThrowTypeError(js, "a header %s", reasons[error.tag < 4 ? error.tag : 4]);
    wasi_http_types_header_error_free(&error);
    good = false;
  }
  for (size_t i = 0; i < all.len; i++) {
    free(all.ptr[i].f0.ptr);
    free(all.ptr[i].f1.ptr);
  }
  free(all.ptr);
  return good;
}

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH" };
enum { METHODS = sizeof methods / sizeof *methods };

static JSValue method_to_js(wasi_http_types_borrow_request_t request) {
  wasi_http_types_method_t method;
  wasi_http_types_method_request_get_method(request, &method);
  JSValue value = method.tag < METHODS
                      ? JS_NewString(js, methods[method.tag])
                      : JS_NewStringLen(js, (const char *)method.val.other.ptr, method.val.other.len);
  wasi_http_types_method_free(&method);
  return value;
}

static JSValue scheme_to_js(wasi_http_types_borrow_request_t request) {
  wasi_http_types_scheme_t scheme;
  if (!wasi_http_types_method_request_get_scheme(request, &scheme)) return JS_UNDEFINED;
  JSValue value = scheme.tag == WASI_HTTP_TYPES_SCHEME_HTTP    ? JS_NewString(js, "http")
                  : scheme.tag == WASI_HTTP_TYPES_SCHEME_HTTPS ? JS_NewString(js, "https")
                                                               : JS_UNDEFINED;
  wasi_http_types_scheme_free(&scheme);
  return value;
}

engine_callback_code_t exports_wasi_http_handler_handle(exports_wasi_http_handler_own_request_t own) {
  current = task_new();
  current->request = open_request = calloc(1, sizeof *open_request);
  open_request->id = ++last_id;
  reseed();
  JSValue phase = JS_NewString(js, "begin");
  JS_FreeValue(js, call_runtime("onevent", 1, &phase));
  JS_FreeValue(js, phase);

  wasi_http_types_own_request_t incoming = { own.__handle };
  wasi_http_types_borrow_request_t borrowed = wasi_http_types_borrow_request(incoming);
  engine_string_t text;
  JSValue arguments[7] = { JS_NewInt32(js, open_request->id), method_to_js(borrowed), scheme_to_js(borrowed) };
  arguments[3] = wasi_http_types_method_request_get_authority(borrowed, &text) ? string_of(&text) : JS_UNDEFINED;
  arguments[4] = wasi_http_types_method_request_get_path_with_query(borrowed, &text)
                     ? string_of(&text)
                     : JS_NewString(js, "/");
  int64_t length;
  arguments[5] = headers_to_js((wasi_http_types_own_fields_t){
      wasi_http_types_method_request_get_headers(borrowed).__handle }, &length);
  wasi_http_types_future_result_void_error_code_writer_t done;
  wasi_http_types_future_result_void_error_code_t taken =
      wasi_http_types_future_result_void_error_code_new(&done);
  wasi_http_types_tuple2_stream_u8_future_result_option_own_trailers_error_code_t body;
  wasi_http_types_static_request_consume_body(incoming, taken, &body);
  arguments[6] = JS_NewInt32(js, stream_reader(body.f0, body.f1, done, length));
  JS_FreeValue(js, call_runtime("onrequest", 7, arguments));
  for (int i = 0; i < 7; i++) JS_FreeValue(js, arguments[i]);
  return task_turn(current);
}

static JSValue js_respond(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  int32_t id, status;
  if (JS_ToInt32(c, &id, arguments[0]) || JS_ToInt32(c, &status, arguments[1])) return JS_EXCEPTION;
  if (!open_request || open_request->id != id || open_request->answered)
    return JS_ThrowTypeError(c, "request %d has been answered", id);
  wasi_http_types_own_fields_t headers;
  if (!headers_from_js(arguments[2], &headers)) return JS_EXCEPTION;
  bool has_body = JS_ToBool(c, arguments[3]);
  wasi_http_types_stream_u8_writer_t writer = 0;
  wasi_http_types_stream_u8_t reader = has_body ? wasi_http_types_stream_u8_new(&writer) : 0;
  wasi_http_types_future_result_option_own_trailers_error_code_writer_t trailers_writer;
  wasi_http_types_future_result_option_own_trailers_error_code_t trailers =
      wasi_http_types_future_result_option_own_trailers_error_code_new(&trailers_writer);
  wasi_http_types_tuple2_own_response_future_result_void_error_code_t made;
  wasi_http_types_static_response_new((wasi_http_types_own_headers_t){ headers.__handle },
                                      has_body ? &reader : NULL, trailers, &made);
  wasi_http_types_method_response_set_status_code(wasi_http_types_borrow_response(made.f0), status);
  exports_wasi_http_handler_result_own_response_error_code_t result = { .is_err = false };
  result.val.ok.__handle = made.f0.__handle;
  open_request->answered = true;
  exports_wasi_http_handler_handle_return(result);
  wasi_http_types_future_result_void_error_code_drop_readable(made.f1);
  if (has_body) {
    int n = stream_writer(writer, trailers_writer);
    stream_answers(n);
    return JS_NewInt32(c, n);
  }
  trailers_none(trailers_writer);
  return JS_UNDEFINED;
}

/* Names of wasi:http's error codes, by tag. */
static const char *const error_codes[] = {
  "DNS-timeout", "DNS-error", "destination-not-found", "destination-unavailable",
  "destination-IP-prohibited", "destination-IP-unroutable", "connection-refused",
  "connection-terminated", "connection-timeout", "connection-read-timeout",
  "connection-write-timeout", "connection-limit-reached", "TLS-protocol-error",
  "TLS-certificate-error", "TLS-alert-received", "HTTP-request-denied",
  "HTTP-request-length-required", "HTTP-request-body-size", "HTTP-request-method-invalid",
  "HTTP-request-URI-invalid", "HTTP-request-URI-too-long", "HTTP-request-header-section-size",
  "HTTP-request-header-size", "HTTP-request-trailer-section-size", "HTTP-request-trailer-size",
  "HTTP-response-incomplete", "HTTP-response-header-section-size", "HTTP-response-header-size",
  "HTTP-response-body-size", "HTTP-response-trailer-section-size", "HTTP-response-trailer-size",
  "HTTP-response-transfer-coding", "HTTP-response-content-coding", "HTTP-response-timeout",
  "HTTP-upgrade-failed", "HTTP-protocol-error", "loop-detected", "configuration-error",
  "internal-error",
};

JSValue error_to_js(wasi_http_types_error_code_t *error) {
  JSValue value = JS_NewObject(js);
  JS_SetPropertyStr(js, value, "tag", JS_NewString(js, error_codes[error->tag]));
  if (error->tag == WASI_HTTP_TYPES_ERROR_CODE_INTERNAL_ERROR && error->val.internal_error.is_some)
    JS_SetPropertyStr(js, value, "val",
                      JS_NewStringLen(js, (const char *)error->val.internal_error.val.ptr,
                                      error->val.internal_error.val.len));
  wasi_http_types_error_code_free(error);
  return new_payload(value);
}

typedef struct sending {
  operation operation;
  int id;
  JSValue promise[2];
  wasi_http_client_result_own_response_error_code_t result;
} sending;

static void sending_settle(sending *self) {
  if (self->result.is_err) {
    settle(self->promise, 1, error_to_js((wasi_http_types_error_code_t *)&self->result.val.err));
    free(self);
    return;
  }
  wasi_http_types_own_response_t response = { self->result.val.ok.__handle };
  wasi_http_types_borrow_response_t borrowed = wasi_http_types_borrow_response(response);
  JSValue answer = JS_NewObject(js);
  JS_SetPropertyStr(js, answer, "status",
                    JS_NewInt32(js, wasi_http_types_method_response_get_status_code(borrowed)));
  int64_t length;
  JS_SetPropertyStr(js, answer, "headers",
                    headers_to_js((wasi_http_types_own_fields_t){
                        wasi_http_types_method_response_get_headers(borrowed).__handle }, &length));
  wasi_http_types_future_result_void_error_code_writer_t done;
  wasi_http_types_future_result_void_error_code_t taken =
      wasi_http_types_future_result_void_error_code_new(&done);
  wasi_http_types_tuple2_stream_u8_future_result_option_own_trailers_error_code_t body;
  wasi_http_types_static_response_consume_body(response, taken, &body);
  JS_SetPropertyStr(js, answer, "body", JS_NewInt32(js, stream_reader(body.f0, body.f1, done, length)));
  settle(self->promise, 0, answer);
  free(self);
}

static void sending_finish(operation *operation, uint32_t code) {
  (void)code;
  engine_subtask_drop(operation->waitable);
  sending_settle((sending *)operation);
}

/* Takes the request back; an answer that came all the same is dropped. */
static void sending_cancel(sending *self) {
  engine_subtask_status_t status = engine_subtask_cancel(self->operation.waitable);
  if (ENGINE_SUBTASK_STATE(status) == ENGINE_SUBTASK_RETURNED)
    wasi_http_client_result_own_response_error_code_free(&self->result);
  engine_subtask_drop(self->operation.waitable);
}

static void sending_abandon(operation *operation) {
  sending *self = (sending *)operation;
  sending_cancel(self);
  JS_FreeValue(js, self->promise[0]);
  JS_FreeValue(js, self->promise[1]);
  free(self);
}

static JSValue js_give_up(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  int32_t id;
  if (JS_ToInt32(c, &id, arguments[0])) return JS_EXCEPTION;
  for (operation *at = current ? current->first : NULL; at; at = at->next) {
    sending *self = (sending *)at;
    if (at->finish != sending_finish || self->id != id) continue;
    operation_stop(current, at);
    sending_cancel(self);
    settle(self->promise, 1, new_error("the request was given up"));
    free(self);
    break;
  }
  return JS_UNDEFINED;
}

/* Sets method, scheme, authority and path; false with an exception when one is malformed. */
static bool fill_request(wasi_http_types_borrow_request_t request, JSValueConst *arguments) {
  const char *part[4] = { 0 };
  size_t size[4];
  bool good = true;
  for (int i = 0; i < 4 && good; i++) good = (part[i] = JS_ToCStringLen(js, &size[i], arguments[i])) != NULL;
  if (good) {
    wasi_http_types_method_t method = { .tag = METHODS };
    for (int i = 0; i < METHODS; i++)
      if (!strcmp(methods[i], part[0])) method.tag = i;
    method.val.other = (engine_string_t){ (uint8_t *)part[0], size[0] };
    wasi_http_types_scheme_t scheme = { .tag = strcmp(part[1], "http") ? WASI_HTTP_TYPES_SCHEME_HTTPS
                                                                       : WASI_HTTP_TYPES_SCHEME_HTTP };
    engine_string_t authority = { (uint8_t *)part[2], size[2] }, path = { (uint8_t *)part[3], size[3] };
    const char *wrong = !wasi_http_types_method_request_set_method(request, &method)               ? "method"
                        : !wasi_http_types_method_request_set_scheme(request, &scheme)             ? "scheme"
                        : !wasi_http_types_method_request_set_authority(request, &authority)       ? "host"
                        : !wasi_http_types_method_request_set_path_with_query(request, &path)      ? "path"
                                                                                                   : NULL;
    if (wrong) {
      JS_ThrowTypeError(js, "the request's %s is malformed", wrong);
      good = false;
    }
  }
  for (int i = 0; i < 4; i++)
    if (part[i]) JS_FreeCString(js, part[i]);
  return good;
}

static JSValue js_request(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  if (!current) return JS_ThrowTypeError(c, "no event is being handled");
  wasi_http_types_own_fields_t headers;
  if (!headers_from_js(arguments[4], &headers)) return JS_EXCEPTION;
  bool has_body = JS_ToBool(c, arguments[5]);
  wasi_http_types_stream_u8_writer_t writer = 0;
  wasi_http_types_stream_u8_t reader = has_body ? wasi_http_types_stream_u8_new(&writer) : 0;
  wasi_http_types_future_result_option_own_trailers_error_code_writer_t trailers_writer;
  wasi_http_types_future_result_option_own_trailers_error_code_t trailers =
      wasi_http_types_future_result_option_own_trailers_error_code_new(&trailers_writer);
  wasi_http_types_tuple2_own_request_future_result_void_error_code_t made;
  wasi_http_types_static_request_new((wasi_http_types_own_headers_t){ headers.__handle },
                                     has_body ? &reader : NULL, trailers, NULL, &made);
  wasi_http_types_future_result_void_error_code_drop_readable(made.f1);
  if (!fill_request(wasi_http_types_borrow_request(made.f0), arguments)) {
    wasi_http_types_request_drop_own(made.f0);
    if (has_body) wasi_http_types_stream_u8_drop_writable(writer);
    trailers_none(trailers_writer);
    return JS_EXCEPTION;
  }
  static int last_sending;
  sending *self = calloc(1, sizeof *self);
  self->id = ++last_sending;
  JSValue answer = JS_NewObject(c);
  JS_SetPropertyStr(c, answer, "id", JS_NewInt32(c, self->id));
  JS_SetPropertyStr(c, answer, "response", JS_NewPromiseCapability(c, self->promise));
  self->operation.finish = sending_finish;
  self->operation.abandon = sending_abandon;
  engine_subtask_status_t status =
      wasi_http_client_send((wasi_http_client_own_request_t){ made.f0.__handle }, &self->result);
  if (ENGINE_SUBTASK_STATE(status) == ENGINE_SUBTASK_RETURNED)
    sending_settle(self);
  else
    operation_start(&self->operation, ENGINE_SUBTASK_HANDLE(status), true);
  if (has_body)
    JS_SetPropertyStr(c, answer, "body", JS_NewInt32(c, stream_writer(writer, trailers_writer)));
  else
    trailers_none(trailers_writer);
  return answer;
}

void add_http(void) {
  add_function("respond", js_respond, 4);
  add_function("request", js_request, 6);
  add_function("giveUp", js_give_up, 1);
}
