/*
 * Byte streams. JavaScript names one by a small number and has at most one read
 * or write of it under way. Reading ends, as wasi:http wants it, with the word
 * that the body was taken; what stands in the place of the trailers tells whether
 * the body came to its end or broke off. Writing ends with the word that there
 * are none.
 */

#include "glue.h"

typedef struct stream {
  operation operation; /* of the read or write under way */
  bool open, writes, busy;
  bool tail;    /* reader: no byte comes any more, and why is being asked */
  int64_t left; /* reader: what the head said is still to come; -1 when it said nothing */
  bool answers; /* writer: the body of a response */
  bool gone;    /* writer: nobody reads it any more */
  uint32_t handle;
  uint32_t trailers; /* reader: to read, then to drop; writer: to write */
  uint32_t done;     /* reader: to write */
  JSValue promise[2];
  uint8_t *buffer;
  size_t size, moved;
  wasi_http_types_result_option_own_trailers_error_code_t end;
} stream;

static stream **streams;
static int capacity;

static int stream_new(uint32_t handle, bool writes) {
  int n = 0;
  while (n < capacity && streams[n]) n++;
  if (n == capacity) {
    capacity = capacity ? capacity * 2 : 8;
    streams = realloc(streams, capacity * sizeof *streams);
    memset(streams + n, 0, (capacity - n) * sizeof *streams);
  }
  streams[n] = calloc(1, sizeof **streams);
  streams[n]->handle = handle;
  streams[n]->writes = writes;
  streams[n]->open = true;
  return n;
}

int stream_reader(wasi_http_types_stream_u8_t handle,
                  wasi_http_types_future_result_option_own_trailers_error_code_t trailers,
                  wasi_http_types_future_result_void_error_code_writer_t done, int64_t length) {
  int n = stream_new(handle, false);
  streams[n]->left = length;
  streams[n]->trailers = trailers;
  streams[n]->done = done;
  return n;
}

int stream_writer(wasi_http_types_stream_u8_writer_t handle,
                  wasi_http_types_future_result_option_own_trailers_error_code_writer_t trailers) {
  int n = stream_new(handle, true);
  streams[n]->trailers = trailers;
  return n;
}

/* A future that is written and then dropped, however long the reader takes. */
typedef struct ending {
  operation operation;
  bool is_trailers;
  union {
    wasi_http_types_result_option_own_trailers_error_code_t trailers;
    wasi_http_types_result_void_error_code_t done;
  } value;
} ending;

static void ending_drop(ending *self, uint32_t writer) {
  if (self->is_trailers)
    wasi_http_types_future_result_option_own_trailers_error_code_drop_writable(writer);
  else
    wasi_http_types_future_result_void_error_code_drop_writable(writer);
  free(self);
}

static void ending_finish(operation *operation, uint32_t code) {
  (void)code;
  ending_drop((ending *)operation, operation->waitable);
}

static void ending_abandon(operation *operation) {
  ending *self = (ending *)operation;
  if (self->is_trailers)
    wasi_http_types_future_result_option_own_trailers_error_code_cancel_write(operation->waitable);
  else
    wasi_http_types_future_result_void_error_code_cancel_write(operation->waitable);
  ending_drop(self, operation->waitable);
}

static void ending_start(ending *self, uint32_t writer, engine_waitable_status_t status) {
  if (status != ENGINE_WAITABLE_STATUS_BLOCKED) {
    ending_drop(self, writer);
    return;
  }
  self->operation.finish = ending_finish;
  self->operation.abandon = ending_abandon;
  operation_start(&self->operation, writer, true);
}

static void trailers_write(ending *self,
                           wasi_http_types_future_result_option_own_trailers_error_code_writer_t writer) {
  self->is_trailers = true;
  ending_start(self, writer,
               wasi_http_types_future_result_option_own_trailers_error_code_write(
                   writer, &self->value.trailers));
}

void trailers_none(wasi_http_types_future_result_option_own_trailers_error_code_writer_t writer) {
  trailers_write(calloc(1, sizeof(ending)), writer);
}

/* Whoever reads the body learns that it is not whole. */
static void trailers_broken(wasi_http_types_future_result_option_own_trailers_error_code_writer_t writer) {
  static const char why[] = "the bot never ended it";
  ending *self = calloc(1, sizeof *self);
  self->value.trailers.is_err = true;
  wasi_http_types_error_code_t *error = (wasi_http_types_error_code_t *)&self->value.trailers.val.err;
  error->tag = WASI_HTTP_TYPES_ERROR_CODE_INTERNAL_ERROR;
  error->val.internal_error.is_some = true;
  error->val.internal_error.val = (engine_string_t){ (uint8_t *)why, sizeof why - 1 };
  trailers_write(self, writer);
}

static void body_taken(wasi_http_types_future_result_void_error_code_writer_t writer) {
  ending *self = calloc(1, sizeof *self);
  ending_start(self, writer,
               wasi_http_types_future_result_void_error_code_write(writer, &self->value.done));
}

static void stream_close(int n, bool broken) {
  stream *self = streams[n];
  if (!self->open) return;
  self->open = false;
  if (self->writes) {
    wasi_http_types_stream_u8_drop_writable(self->handle);
    if (broken && !self->gone)
      trailers_broken(self->trailers);
    else
      trailers_none(self->trailers);
  } else {
    wasi_http_types_stream_u8_drop_readable(self->handle);
    wasi_http_types_future_result_option_own_trailers_error_code_drop_readable(self->trailers);
    body_taken(self->done);
  }
  if (!self->busy) {
    free(self);
    streams[n] = NULL;
  }
}

static int number_of(const stream *self) {
  for (int n = 0; n < capacity; n++)
    if (streams[n] == self) return n;
  abort();
}

static void stream_settle(stream *self, int which, JSValue value) {
  self->busy = false;
  free(self->buffer);
  self->buffer = NULL;
  settle(self->promise, which, value);
  if (!self->open) {
    streams[number_of(self)] = NULL;
    free(self);
  }
}

static void tail_ended(stream *self) {
  bool failed = self->end.is_err;
  JSValue value = JS_NULL;
  if (failed)
    value = error_to_js((wasi_http_types_error_code_t *)&self->end.val.err);
  else
    wasi_http_types_result_option_own_trailers_error_code_free(&self->end);
  self->tail = false;
  stream_close(number_of(self), false);
  stream_settle(self, failed, value);
}

static void tail_finish(operation *operation, uint32_t code) {
  (void)code;
  tail_ended((stream *)operation);
}

static void read_ended(stream *self, uint32_t code) {
  uint32_t count = ENGINE_WAITABLE_COUNT(code);
  bool over = ENGINE_WAITABLE_STATE(code) != ENGINE_WAITABLE_COMPLETED;
  if (self->left > 0) self->left = count < self->left ? self->left - count : 0;
  if (count || !over) {
    stream_settle(self, 0, JS_NewUint8ArrayCopy(js, self->buffer, count));
    return;
  }
  /* Bytes may come together with the end: only the next read comes here. */
  if (self->left == 0) {
    stream_close(number_of(self), false);
    stream_settle(self, 0, JS_NULL);
    return;
  }
  self->tail = true;
  self->operation.finish = tail_finish;
  engine_waitable_status_t status =
      wasi_http_types_future_result_option_own_trailers_error_code_read(self->trailers, &self->end);
  if (status == ENGINE_WAITABLE_STATUS_BLOCKED)
    operation_start(&self->operation, self->trailers, true);
  else
    tail_ended(self);
}

static void read_finish(operation *operation, uint32_t code) {
  read_ended((stream *)operation, code);
}

/* Gives up the read or write under way. */
static void stream_cancel(stream *self) {
  if (self->writes)
    wasi_http_types_stream_u8_cancel_write(self->handle);
  else if (self->tail)
    wasi_http_types_future_result_option_own_trailers_error_code_cancel_read(self->trailers);
  else
    wasi_http_types_stream_u8_cancel_read(self->handle);
}

static void stream_abandon(operation *operation) {
  stream *self = (stream *)operation;
  stream_cancel(self);
  self->busy = false;
  JS_FreeValue(js, self->promise[0]);
  JS_FreeValue(js, self->promise[1]);
  free(self->buffer);
  self->buffer = NULL;
}

/* Writes what is left; gives whether the write is over. */
static bool write_on(stream *self) {
  while (self->moved < self->size) {
    engine_waitable_status_t status = wasi_http_types_stream_u8_write(
        self->handle, self->buffer + self->moved, self->size - self->moved);
    if (status == ENGINE_WAITABLE_STATUS_BLOCKED) {
      operation_start(&self->operation, self->handle, true);
      return false;
    }
    self->moved += ENGINE_WAITABLE_COUNT(status);
    if (ENGINE_WAITABLE_STATE(status) != ENGINE_WAITABLE_COMPLETED) {
      self->gone = true;
      break;
    }
  }
  return true;
}

static void write_finish(operation *operation, uint32_t code) {
  stream *self = (stream *)operation;
  self->moved += ENGINE_WAITABLE_COUNT(code);
  if (ENGINE_WAITABLE_STATE(code) != ENGINE_WAITABLE_COMPLETED)
    self->gone = true;
  else if (!write_on(self))
    return;
  stream_settle(self, 0, JS_NewBool(js, self->moved == self->size));
}

/* The stream that an argument names, ready for another read or write. */
static stream *stream_of(JSValueConst argument, bool writes) {
  int32_t n;
  if (JS_ToInt32(js, &n, argument)) return NULL;
  stream *self = n >= 0 && n < capacity ? streams[n] : NULL;
  if (!self || !self->open || self->writes != writes || self->busy) {
    JS_ThrowTypeError(js, "stream %d is closed, busy, or of the other direction", n);
    return NULL;
  }
  return self;
}

/* More is not read at once, whatever is asked for. */
#define READ_BYTES (1u << 20)

static JSValue js_read(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  stream *self = stream_of(arguments[0], false);
  uint32_t max;
  if (!self || JS_ToUint32(c, &max, arguments[1])) return JS_EXCEPTION;
  if (max > READ_BYTES) max = READ_BYTES;
  JSValue promise = JS_NewPromiseCapability(c, self->promise);
  if (JS_IsException(promise)) return promise;
  self->busy = true;
  self->buffer = malloc(max);
  self->operation.finish = read_finish;
  self->operation.abandon = stream_abandon;
  engine_waitable_status_t status =
      wasi_http_types_stream_u8_read(self->handle, self->buffer, max);
  if (status == ENGINE_WAITABLE_STATUS_BLOCKED)
    operation_start(&self->operation, self->handle, true);
  else
    read_ended(self, status);
  return promise;
}

static JSValue js_write(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  stream *self = stream_of(arguments[0], true);
  if (!self) return JS_EXCEPTION;
  size_t size;
  uint8_t *bytes = JS_GetUint8Array(c, &size, arguments[1]);
  if (!bytes && JS_HasException(c)) return JS_EXCEPTION;
  JSValue promise = JS_NewPromiseCapability(c, self->promise);
  if (JS_IsException(promise)) return promise;
  self->busy = true;
  self->buffer = malloc(size ? size : 1);
  memcpy(self->buffer, bytes, size);
  self->size = size;
  self->moved = 0;
  self->operation.finish = write_finish;
  self->operation.abandon = stream_abandon;
  if (write_on(self)) stream_settle(self, 0, JS_NewBool(c, self->moved == self->size));
  return promise;
}

static JSValue js_close(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  int32_t n;
  if (JS_ToInt32(c, &n, arguments[0])) return JS_EXCEPTION;
  stream *self = n >= 0 && n < capacity ? streams[n] : NULL;
  if (!self || !self->open) return JS_UNDEFINED;
  if (self->busy) {
    /* A read or write that is under way is given up first. */
    operation_stop(current, &self->operation);
    stream_cancel(self);
    stream_settle(self, 0, self->writes ? JS_FALSE : JS_NULL);
  }
  stream_close(n, JS_ToBool(c, arguments[1]));
  return JS_UNDEFINED;
}

void stream_answers(int n) { streams[n]->answers = true; }

/* Closes what an event left open. What it wrote and never ended breaks off: nobody may take a part for the
   whole. Gives whether that was an answer. */
bool streams_close(void) {
  bool cut = false;
  for (int n = 0; n < capacity; n++) {
    stream *self = streams[n];
    if (!self || self->busy) continue;
    cut |= self->open && self->answers && !self->gone;
    stream_close(n, true);
  }
  return cut;
}

void add_streams(void) {
  add_function("read", js_read, 2);
  add_function("write", js_write, 2);
  add_function("close", js_close, 2);
}
