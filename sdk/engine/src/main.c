/* The engine's exports, and its one JavaScript world. */

#include "glue.h"
#include "heap.h"

/* Half of the stack inside the linear memory (xtask/src/engine.rs); wasmtime's
   own stack must be about thirty times what JavaScript may use of this one. */
#define JS_STACK_BYTES (512 << 10)

/* While an image is made garbage is collected as usual; afterwards only when
   an event's own garbage passes this, which a short event never does. */
#define GC_THRESHOLD_BYTES (20 << 20)

/* Below the 64 MiB that the host allows, so that JavaScript sees the error
   first: the heap rounds sizes up by at most an eighth, and the stack, the glue
   and the making of a snapshot have their part. */
#define JS_MEMORY_BYTES (48 << 20)

JSRuntime *runtime;
JSContext *js;
JSValue engine_object;

JSValue new_error(const char *message) {
  JSValue error = JS_NewError(js);
  JS_DefinePropertyValueStr(js, error, "message", JS_NewString(js, message),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  return error;
}

JSValue new_payload(JSValue value) {
  JSValue object = JS_NewObject(js);
  JS_SetPropertyStr(js, object, "payload", value);
  return object;
}

void settle(JSValue capability[2], int which, JSValue value) {
  JSValue result = JS_Call(js, capability[which], JS_UNDEFINED, 1, &value);
  JS_FreeValue(js, result);
  JS_FreeValue(js, value);
  JS_FreeValue(js, capability[0]);
  JS_FreeValue(js, capability[1]);
}

void add_function(const char *name, JSCFunction *function, int length) {
  JS_SetPropertyStr(js, engine_object, name, JS_NewCFunction(js, function, name, length));
}

void report_uncaught(void) {
  JSValue error = JS_GetException(js);
  JSValue handler = JS_GetPropertyStr(js, engine_object, "onuncaught");
  JSValue result = JS_Call(js, handler, JS_UNDEFINED, 1, &error);
  if (JS_IsException(result)) {
    /* Without memory even the handler may fail. */
    JS_FreeValue(js, JS_GetException(js));
    static const char message[] = "an exception could not be reported: the bot is out of memory";
    engine_string_t text = { (uint8_t *)message, sizeof message - 1 };
    roost_bot_event_fail(&text);
  }
  JS_FreeValue(js, result);
  JS_FreeValue(js, handler);
  JS_FreeValue(js, error);
}

JSValue call_runtime(const char *name, int count, JSValueConst *arguments) {
  JSValue function = JS_GetPropertyStr(js, engine_object, name);
  if (JS_IsUndefined(function)) return JS_UNDEFINED;
  JSValue result = JS_Call(js, function, JS_UNDEFINED, count, arguments);
  JS_FreeValue(js, function);
  if (JS_IsException(result)) {
    report_uncaught();
    return JS_UNDEFINED;
  }
  return result;
}

void run_jobs(void) {
  JSContext *context;
  int ran;
  while ((ran = JS_ExecutePendingJob(runtime, &context)) != 0) {
    if (ran < 0) report_uncaught();
  }
}

/* `load`: the runtime, before any bot. */
bool exports_engine_load(engine_string_t *source, engine_string_t *error) {
  runtime = JS_NewRuntime();
  JS_SetMaxStackSize(runtime, JS_STACK_BYTES);
  JS_SetMemoryLimit(runtime, JS_MEMORY_BYTES);
  js = JS_NewContext(runtime);
  engine_object = JS_NewObject(js);
  add_natives();
  add_codecs();
  add_functions();
  add_streams();
  add_http();
  JSValue global = JS_GetGlobalObject(js);
  JS_SetPropertyStr(js, global, "__engine", JS_DupValue(js, engine_object));
  JS_FreeValue(js, global);

  char *text = malloc(source->len + 1);
  memcpy(text, source->ptr, source->len);
  text[source->len] = 0;
  JSValue result = run_source(text, source->len, "roost:runtime", JS_EVAL_TYPE_GLOBAL);
  free(text);
  engine_string_free(source);
  bool loaded = !JS_IsException(result);
  if (!loaded) {
    JSValue thrown = JS_GetException(js);
    JSValue stack = JS_GetPropertyStr(js, thrown, "stack");
    const char *what = JS_ToCString(js, thrown);
    const char *where = JS_ToCString(js, stack);
    size_t size = (what ? strlen(what) : 0) + (where ? strlen(where) : 0) + 2;
    error->ptr = malloc(size);
    error->len = 0;
    const char *parts[] = { what, "\n", where };
    for (int i = 0; i < 3; i++) {
      size_t length = parts[i] ? strlen(parts[i]) : 0;
      memcpy(error->ptr + error->len, parts[i], length);
      error->len += length;
    }
    JS_FreeCString(js, what);
    JS_FreeCString(js, where);
    JS_FreeValue(js, stack);
    JS_FreeValue(js, thrown);
  }
  JS_FreeValue(js, result);
  run_jobs();
  JS_RunGC(runtime);
  return loaded;
}

/* `boot`: a bot's top level. */
engine_callback_code_t exports_engine_boot(engine_string_t *bundle, engine_string_t *options) {
  current = task_new();
  JSValue arguments[2] = {
    JS_NewStringLen(js, (const char *)bundle->ptr, bundle->len),
    JS_NewStringLen(js, (const char *)options->ptr, options->len),
  };
  engine_string_free(bundle);
  engine_string_free(options);
  current->boot = call_runtime("onboot", 2, arguments);
  JS_FreeValue(js, arguments[0]);
  JS_FreeValue(js, arguments[1]);
  return task_turn(current);
}

engine_callback_code_t exports_engine_boot_callback(engine_event_t *event) {
  return task_event(event);
}

engine_callback_code_t exports_wasi_http_handler_handle_callback(engine_event_t *event) {
  return task_event(event);
}

/* `seal`: what is there now is the image. */
void exports_engine_seal(void) {
  JS_RunGC(runtime);
  JS_SetGCThreshold(runtime, GC_THRESHOLD_BYTES);
  heap_seal();
}
