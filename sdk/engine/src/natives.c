/* Clocks, entropy, the alarm, and code: what JavaScript cannot have by itself. */

#include <errno.h>
#include <time.h>

#include "glue.h"

/* Clocks. */

static JSValue js_now(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  wasi_clocks_system_clock_instant_t now;
  wasi_clocks_system_clock_now(&now);
  return JS_NewFloat64(c, now.seconds * 1e3 + now.nanoseconds / 1e6);
}

static JSValue js_monotonic(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  return JS_NewFloat64(c, wasi_clocks_monotonic_clock_now() / 1e6);
}

/* Entropy. Nothing drawn before an image was made may be used after it. */

static bool seeded;
static uint64_t random_state;

void reseed(void) { seeded = false; }

/* Hosts give no more at once than they like, and what one gives lies in memory a second time. */
#define RANDOM_BYTES (64u << 10)

static JSValue js_random(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t size;
  uint8_t *target = JS_GetUint8Array(c, &size, arguments[0]);
  if (!target && JS_HasException(c)) return JS_EXCEPTION;
  while (size) {
    engine_list_u8_t bytes;
    wasi_random_random_get_random_bytes(size < RANDOM_BYTES ? size : RANDOM_BYTES, &bytes);
    size_t given = bytes.len < size ? bytes.len : size;
    memcpy(target, bytes.ptr, given);
    engine_list_u8_free(&bytes);
    if (!given) return JS_ThrowInternalError(c, "the host gives no random bytes");
    target += given;
    size -= given;
  }
  return JS_UNDEFINED;
}

/* `Math.random`: xorshift64*, seeded anew in each event that draws from it. */
static JSValue js_math_random(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  if (!seeded) {
    do random_state = wasi_random_random_get_random_u64();
    while (random_state == 0);
    seeded = true;
  }
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return JS_NewFloat64(c, (double)((random_state * 0x2545f4914f6cdd1dull) >> 11) * 0x1p-53);
}

/* The alarm. */

static void alarm_finish(operation *self, uint32_t code) {
  (void)code;
  engine_subtask_drop(self->waitable);
  if (current->alarm == self) current->alarm = NULL;
  free(self);
}

static void alarm_abandon(operation *self) {
  engine_subtask_cancel(self->waitable);
  engine_subtask_drop(self->waitable);
  if (current && current->alarm == self) current->alarm = NULL;
  free(self);
}

static JSValue js_alarm(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  double ms;
  if (JS_ToFloat64(c, &ms, arguments[0])) return JS_EXCEPTION;
  bool holds = JS_ToBool(c, arguments[1]);
  if (!current) return JS_UNDEFINED;
  if (current->alarm) {
    operation *old = current->alarm;
    operation_stop(current, old);
    alarm_abandon(old);
  }
  current->rang = false;
  if (!(ms >= 0)) return JS_UNDEFINED;
  uint64_t ns = ms > 1e12 ? (uint64_t)1e18 : (uint64_t)(ms * 1e6);
  engine_subtask_status_t status = wasi_clocks_monotonic_clock_wait_for(ns);
  if (ENGINE_SUBTASK_STATE(status) == ENGINE_SUBTASK_RETURNED) {
    current->rang = true;
    current->held = holds;
    return JS_UNDEFINED;
  }
  operation *self = calloc(1, sizeof *self);
  self->finish = alarm_finish;
  self->abandon = alarm_abandon;
  operation_start(self, ENGINE_SUBTASK_HANDLE(status), holds);
  current->alarm = self;
  return JS_UNDEFINED;
}

static JSValue js_hold(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  int32_t change;
  if (JS_ToInt32(c, &change, arguments[0])) return JS_EXCEPTION;
  if (current) current->holds += change;
  return JS_UNDEFINED;
}

/* Jobs and promises. */

static JSValue js_run_jobs(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)c, (void)this, (void)count, (void)arguments;
  run_jobs();
  return JS_UNDEFINED;
}

static void track_rejection(JSContext *c, JSValueConst promise, JSValueConst reason, bool handled,
                            void *opaque) {
  (void)opaque;
  JSValueConst arguments[3] = { promise, reason, JS_NewBool(c, handled) };
  JS_FreeValue(c, call_runtime("onrejection", 3, arguments));
}

static JSValue js_promise_state(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  static const char *const names[] = { "pending", "fulfilled", "rejected" };
  JSPromiseStateEnum state = JS_PromiseState(c, arguments[0]);
  JSValue pair = JS_NewArray(c);
  JS_SetPropertyUint32(c, pair, 0, state < 0 ? JS_UNDEFINED : JS_NewString(c, names[state]));
  JS_SetPropertyUint32(c, pair, 1, state > 0 ? JS_PromiseResult(c, arguments[0]) : JS_UNDEFINED);
  return pair;
}

static JSValue js_get_async_context(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  return JS_GetAsyncContext(c);
}

static JSValue js_set_async_context(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  JS_SetAsyncContext(c, arguments[0]);
  return JS_UNDEFINED;
}

/* Code. */

const char out_of_memory_report[] =
    "{\"ok\":false,\"error\":{\"message\":\"out of memory\",\"code\":\"ERR_OUT_OF_MEMORY\"}}";

/* To bytes without the functions' text; NULL with an exception. `leave_out` is JS_WRITE_OBJ_STRIP_LINES or 0. */
static uint8_t *compile(const char *source, size_t size, const char *file, int type, int leave_out, size_t *length) {
  JSValue compiled = JS_Eval(js, source, size, file, type | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(compiled)) return NULL;
  uint8_t *bytes = JS_WriteObject(js, length, compiled, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE | leave_out);
  JS_FreeValue(js, compiled);
  return bytes;
}

/*
 * Compiles and runs the runtime without keeping its source, or its lines: an image that held
 * the text of all its functions would be half as large again.
 */
JSValue run_source(const char *source, size_t size, const char *file) {
  size_t length;
  uint8_t *bytes = compile(source, size, file, JS_EVAL_TYPE_GLOBAL, JS_WRITE_OBJ_STRIP_LINES, &length);
  if (!bytes) return JS_EXCEPTION;
  JSValue stripped = JS_ReadObject(js, bytes, length, JS_READ_OBJ_BYTECODE);
  js_free(js, bytes);
  return JS_IsException(stripped) ? stripped : JS_EvalFunction(js, stripped);
}

/* `POSITION NAME` a line, positions from the text's first byte. */
static JSShownName *read_names(const engine_string_t *text, int *count) {
  int lines = 0;
  for (size_t i = 0; i < text->len; i++) lines += text->ptr[i] == '\n';
  JSShownName *names = calloc(lines + 1, sizeof *names);
  const char *at = (const char *)text->ptr, *end = at + text->len;
  *count = 0;
  while (at < end) {
    const char *line_end = memchr(at, '\n', end - at);
    const char *space = line_end ? memchr(at, ' ', line_end - at) : NULL;
    if (!space) break;
    uint32_t position = 0;
    for (; at < space; at++) position = position * 10 + (*at - '0');
    names[(*count)++] = (JSShownName){ position, JS_NewAtomLen(js, space + 1, line_end - space - 1) };
    at = line_end + 1;
  }
  return names;
}

/* `engine.oncompile(options)` gives what is put before and after the text, its name, and whether it is a module. */
bool compile_bundle(engine_string_t *bundle, engine_string_t *names, engine_string_t *options, engine_list_u8_t *code) {
  JSValue json = JS_NewStringLen(js, (const char *)options->ptr, options->len);
  JSValue how = call_runtime("oncompile", 1, &json);
  const char *parts[3] = { 0 };
  size_t sizes[3] = { 0 };
  for (int i = 0; i < 3; i++) {
    JSValue part = JS_GetPropertyUint32(js, how, i);
    parts[i] = JS_ToCStringLen(js, &sizes[i], part);
    if (!parts[i]) return false;
  }
  bool is_module = JS_ToBool(js, JS_GetPropertyUint32(js, how, 3));
  size_t before = sizes[0], after = sizes[1], size = before + bundle->len + after;
  char *text = malloc(size + 1);
  memcpy(text, parts[0], before);
  memcpy(text + before, bundle->ptr, bundle->len);
  memcpy(text + before + bundle->len, parts[1], after);
  text[size] = 0;
  if (bundle->len > 1 && text[before] == '#' && text[before + 1] == '!') memcpy(text + before, "//", 2);
  engine_string_free(bundle);

  int count;
  JSShownName *shown = read_names(names, &count);
  JS_SetSourcePositions(runtime, text + before, size - before, shown, count);
  size_t length;
  uint8_t *bytes = compile(text, size, parts[2], is_module ? JS_EVAL_TYPE_MODULE : JS_EVAL_TYPE_GLOBAL, 0, &length);
  JS_SetSourcePositions(runtime, NULL, 0, NULL, 0);
  if (!bytes) return false;
  code->ptr = malloc(length);
  code->len = length;
  memcpy(code->ptr, bytes, length);
  return true;
}

static engine_list_u8_t bundle_code;

void take_bundle(engine_list_u8_t *code) { bundle_code = *code; }

/*
 * Runs the bundle, once. A script gives its completion value; a module gives
 * `[promise, namespace]`.
 */
static JSValue js_eval_bundle(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  JSValue code = JS_ReadObject(c, bundle_code.ptr, bundle_code.len, JS_READ_OBJ_BYTECODE);
  free(bundle_code.ptr);
  bundle_code = (engine_list_u8_t){ 0 };
  if (JS_IsException(code)) return code;
  if (JS_VALUE_GET_TAG(code) != JS_TAG_MODULE) return JS_EvalFunction(c, code);
  if (JS_ResolveModule(c, code) < 0) {
    JS_FreeValue(c, code);
    return JS_EXCEPTION;
  }
  JSModuleDef *module = JS_VALUE_GET_PTR(code);
  JSValue done = JS_EvalFunction(c, code);
  if (JS_IsException(done)) return done;
  JSValue pair = JS_NewArray(c);
  JS_SetPropertyUint32(c, pair, 0, done);
  JS_SetPropertyUint32(c, pair, 1, JS_GetModuleNamespace(c, module));
  return pair;
}

/* The text of a function of the bundle. The host has it, as its author's bundler wrote it. */
static JSValue function_text(JSContext *c, uint32_t position, uint32_t length) {
  engine_string_t text;
  if (!roost_engine_source_text(position, position + length, &text)) return JS_UNDEFINED;
  JSValue value = JS_NewStringLen(c, (const char *)text.ptr, text.len);
  engine_string_free(&text);
  return value;
}

/* A module that the runtime provides: an object becomes its exports. */

static int fill_module(JSContext *c, JSModuleDef *module) {
  JSValue exports = JS_GetModulePrivateValue(c, module);
  JSPropertyEnum *names;
  uint32_t length;
  if (JS_GetOwnPropertyNames(c, &names, &length, exports, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) return -1;
  bool good = true;
  for (uint32_t i = 0; i < length && good; i++) {
    const char *name = JS_AtomToCString(c, names[i].atom);
    good = name != NULL;
    if (good) JS_SetModuleExport(c, module, name, JS_GetProperty(c, exports, names[i].atom));
    JS_FreeCString(c, name);
  }
  JS_FreePropertyEnum(c, names, length);
  JS_FreeValue(c, exports);
  return good ? 0 : -1;
}

static JSModuleDef *load_module(JSContext *c, const char *specifier, void *opaque) {
  (void)opaque;
  JSValue import = JS_GetPropertyStr(c, engine_object, "onimport");
  JSValue name = JS_NewString(c, specifier);
  JSValue exports = JS_Call(c, import, JS_UNDEFINED, 1, &name);
  JS_FreeValue(c, name);
  JS_FreeValue(c, import);
  if (JS_IsException(exports)) return NULL;
  JSModuleDef *module = JS_NewCModule(c, specifier, fill_module);
  JSPropertyEnum *names;
  uint32_t length;
  if (!module || JS_GetOwnPropertyNames(c, &names, &length, exports, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) {
    JS_FreeValue(c, exports);
    return NULL;
  }
  bool good = true;
  for (uint32_t i = 0; i < length && good; i++) {
    const char *export = JS_AtomToCString(c, names[i].atom);
    good = export && JS_AddModuleExport(c, module, export) >= 0;
    JS_FreeCString(c, export);
  }
  JS_FreePropertyEnum(c, names, length);
  if (!good) {
    JS_FreeValue(c, exports);
    return NULL;
  }
  JS_SetModulePrivateValue(c, module, exports);
  return module;
}

/* Bundles import nothing by path: a specifier is what it is. */
static char *normalize(JSContext *c, const char *base, const char *specifier, void *opaque) {
  (void)base, (void)opaque;
  return js_strdup(c, specifier);
}

static JSValue js_is_proxy(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  return JS_NewBool(c, JS_IsProxy(arguments[0]));
}

static JSValue js_gc(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)c, (void)this, (void)count, (void)arguments;
  JS_RunGC(runtime);
  return JS_UNDEFINED;
}

static JSValue js_memory(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count, (void)arguments;
  JSMemoryUsage usage;
  JS_ComputeMemoryUsage(runtime, &usage);
  JSValue value = JS_NewObject(c);
  JS_SetPropertyStr(c, value, "used", JS_NewInt64(c, usage.malloc_size));
  JS_SetPropertyStr(c, value, "limit", JS_NewInt64(c, usage.malloc_limit));
  JS_SetPropertyStr(c, value, "ranOut", JS_NewBool(c, JS_RanOutOfMemory(runtime)));
  return value;
}

void add_natives(void) {
  add_function("now", js_now, 0);
  add_function("monotonic", js_monotonic, 0);
  add_function("random", js_random, 1);
  add_function("alarm", js_alarm, 2);
  add_function("hold", js_hold, 1);
  add_function("runJobs", js_run_jobs, 0);
  add_function("promiseState", js_promise_state, 1);
  add_function("getAsyncContext", js_get_async_context, 0);
  add_function("setAsyncContext", js_set_async_context, 1);
  add_function("evalBundle", js_eval_bundle, 0);
  add_function("isProxy", js_is_proxy, 1);
  add_function("gc", js_gc, 0);
  add_function("memory", js_memory, 0);
  JS_SetFunctionTextFunc(runtime, function_text);
  JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL);
  JS_SetModuleLoaderFunc(runtime, normalize, load_module, NULL);
  JSValue global = JS_GetGlobalObject(js);
  JSValue math = JS_GetPropertyStr(js, global, "Math");
  JS_DefinePropertyValueStr(js, math, "random", JS_NewCFunction(js, js_math_random, "random", 0),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  JS_FreeValue(js, math);
  JS_FreeValue(js, global);
}

/*
 * The five functions that WASI's libc would import from a system. A bot has no
 * files, and its clock is the one above.
 */
int32_t __imported_wasi_snapshot_preview1_fd_close(int32_t fd);
int32_t __imported_wasi_snapshot_preview1_fd_close(int32_t fd) { return (void)fd, EBADF; }

int32_t __imported_wasi_snapshot_preview1_clock_time_get(int32_t id, int64_t precision, int32_t out);
int32_t __imported_wasi_snapshot_preview1_clock_time_get(int32_t id, int64_t precision, int32_t out) {
  (void)precision;
  uint64_t ns;
  if (id == 0) {
    wasi_clocks_system_clock_instant_t now;
    wasi_clocks_system_clock_now(&now);
    ns = (uint64_t)now.seconds * 1000000000ull + now.nanoseconds;
  } else {
    ns = wasi_clocks_monotonic_clock_now();
  }
  *(uint64_t *)(uintptr_t)out = ns;
  return 0;
}

int32_t __imported_wasi_snapshot_preview1_fd_fdstat_get(int32_t fd, int32_t out);
int32_t __imported_wasi_snapshot_preview1_fd_fdstat_get(int32_t fd, int32_t out) {
  return (void)fd, (void)out, EBADF;
}

int32_t __imported_wasi_snapshot_preview1_fd_seek(int32_t fd, int64_t offset, int32_t whence, int32_t out);
int32_t __imported_wasi_snapshot_preview1_fd_seek(int32_t fd, int64_t offset, int32_t whence, int32_t out) {
  return (void)fd, (void)offset, (void)whence, (void)out, EBADF;
}

int32_t __imported_wasi_snapshot_preview1_fd_write(int32_t fd, int32_t parts, int32_t count, int32_t out);
int32_t __imported_wasi_snapshot_preview1_fd_write(int32_t fd, int32_t parts, int32_t count, int32_t out) {
  return (void)fd, (void)parts, (void)count, (void)out, EBADF;
}

int close(int fd);
int close(int fd) { return (void)fd, -1; }
