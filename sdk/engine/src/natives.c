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

static JSValue js_random(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t size;
  uint8_t *target = JS_GetUint8Array(c, &size, arguments[0]);
  if (!target) return JS_EXCEPTION;
  engine_list_u8_t bytes;
  wasi_random_random_get_random_bytes(size, &bytes);
  memcpy(target, bytes.ptr, size);
  engine_list_u8_free(&bytes);
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

/*
 * Compiles and runs a script or a module without keeping its source: an image
 * that held the text of all its functions would be half as large again. What is
 * lost is the text that `toString` of a function gives.
 */
JSValue run_source(const char *source, size_t size, const char *file, int type) {
  JSValue compiled = JS_Eval(js, source, size, file, type | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(compiled)) return compiled;
  size_t length;
  uint8_t *bytes = JS_WriteObject(js, &length, compiled, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
  JS_FreeValue(js, compiled);
  if (!bytes) return JS_EXCEPTION;
  JSValue stripped = JS_ReadObject(js, bytes, length, JS_READ_OBJ_BYTECODE);
  js_free(js, bytes);
  if (JS_IsException(stripped)) return stripped;
  if (type == JS_EVAL_TYPE_MODULE && JS_ResolveModule(js, stripped) < 0) {
    JS_FreeValue(js, stripped);
    return JS_EXCEPTION;
  }
  return JS_EvalFunction(js, stripped);
}

static JSValue eval(JSContext *c, JSValueConst *arguments, int type) {
  size_t size;
  const char *source = JS_ToCStringLen(c, &size, arguments[0]);
  const char *file = JS_ToCString(c, arguments[1]);
  JSValue result = source && file ? run_source(source, size, file, type) : JS_EXCEPTION;
  JS_FreeCString(c, source);
  JS_FreeCString(c, file);
  return result;
}

static JSValue js_eval_script(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  return eval(c, arguments, JS_EVAL_TYPE_GLOBAL);
}

static JSValue js_eval_module(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  return eval(c, arguments, JS_EVAL_TYPE_MODULE);
}

/* A module that the runtime provides: an object becomes its exports. */

static int fill_module(JSContext *c, JSModuleDef *module) {
  JSValue exports = JS_GetModulePrivateValue(c, module);
  JSPropertyEnum *names;
  uint32_t length;
  if (JS_GetOwnPropertyNames(c, &names, &length, exports, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) return -1;
  for (uint32_t i = 0; i < length; i++) {
    const char *name = JS_AtomToCString(c, names[i].atom);
    JS_SetModuleExport(c, module, name, JS_GetProperty(c, exports, names[i].atom));
    JS_FreeCString(c, name);
  }
  JS_FreePropertyEnum(c, names, length);
  JS_FreeValue(c, exports);
  return 0;
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
  for (uint32_t i = 0; i < length; i++) {
    const char *export = JS_AtomToCString(c, names[i].atom);
    JS_AddModuleExport(c, module, export);
    JS_FreeCString(c, export);
  }
  JS_FreePropertyEnum(c, names, length);
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
  add_function("evalScript", js_eval_script, 2);
  add_function("evalModule", js_eval_module, 2);
  add_function("isProxy", js_is_proxy, 1);
  add_function("gc", js_gc, 0);
  add_function("memory", js_memory, 0);
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
