/* The engine's exports, and its one JavaScript world. */

#include "glue.h"
#include "heap.h"

/* Half of the stack inside the linear memory (xtask/src/engine.rs); wasmtime's
   own stack must be about thirty times what JavaScript may use of this one. */
#define JS_STACK_BYTES (512 << 10)

/* While an image is made garbage is collected as usual; afterwards only when
   what an event itself has made passes this, which a short event never does. */
#define GC_THRESHOLD_BYTES (20 << 20)

/* What the host allows JavaScript, and the bot's files, which count. */
static size_t limit_bytes, file_bytes;

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

/* The atom of a literal. Those of every turn are found while an image is made. */
static JSAtom atom_of(const char *name) {
  static struct { const char *name; JSAtom atom; } known[12];
  for (int i = 0; i < 12; i++) {
    if (!known[i].name) {
      known[i].name = name;
      known[i].atom = JS_NewAtom(js, name);
    }
    if (known[i].name == name) return known[i].atom;
  }
  return JS_NewAtom(js, name);
}

JSValue call_runtime(const char *name, int count, JSValueConst *arguments) {
  JSValue function = JS_GetProperty(js, engine_object, atom_of(name));
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
  js = JS_NewContext(runtime);
  engine_object = JS_NewObject(js);
  add_natives();
  add_codecs();
  add_local_time();
  add_functions();
  add_streams();
  add_http();
  JSValue global = JS_GetGlobalObject(js);
  JS_SetPropertyStr(js, global, "__engine", JS_DupValue(js, engine_object));
  JS_FreeValue(js, global);

  char *text = malloc(source->len + 1);
  memcpy(text, source->ptr, source->len);
  text[source->len] = 0;
  JSValue result = run_source(text, source->len, "roost:runtime");
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

/* `compile`: in an instance that does nothing else. */
bool exports_engine_compile(engine_string_t *bundle, engine_string_t *names, engine_string_t *options,
                            engine_list_u8_t *code, engine_string_t *error) {
  if (compile_bundle(bundle, names, options, code)) return true;
  JSValue thrown = JS_GetException(js);
  JSValue report = call_runtime("onbroken", 1, &thrown);
  size_t length;
  const char *text = JS_ToCStringLen(js, &length, report);
  if (!text || JS_RanOutOfMemory(runtime)) {
    text = out_of_memory_report;
    length = strlen(text);
  }
  error->ptr = malloc(length);
  error->len = length;
  memcpy(error->ptr, text, length);
  return false;
}

static void apply_limit(void) {
  if (limit_bytes) JS_SetMemoryLimit(runtime, limit_bytes > file_bytes ? limit_bytes - file_bytes : 1);
}

/* `limit`: before `boot`, and where an instance may use another amount than the image was made with. */
void exports_engine_limit(uint32_t bytes) {
  limit_bytes = bytes;
  apply_limit();
}

static void *resize_file(JSRuntime *rt, void *opaque, void *bytes, size_t size) {
  (void)rt, (void)opaque;
  if (size) return realloc(bytes, size);
  free(bytes);
  return NULL;
}

/* Path and content in turn. The contents are used where they are. */
static JSValue files_array(engine_list_tuple2_string_list_u8_t *files) {
  JSValue array = JS_NewArray(js);
  for (size_t i = 0; i < files->len; i++) {
    engine_tuple2_string_list_u8_t *file = &files->ptr[i];
    JSValue path = JS_NewStringLen(js, (const char *)file->f0.ptr, file->f0.len);
    JSValue buffer = file->f1.len == 0 ? JS_NewArrayBufferCopy(js, NULL, 0)
                     : JS_NewArrayBuffer(js, file->f1.ptr, file->f1.len, 0, resize_file, NULL, false);
    JSValue bytes = JS_NewTypedArray(js, 1, &buffer, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(js, buffer);
    JS_SetPropertyUint32(js, array, 2 * i, path);
    JS_SetPropertyUint32(js, array, 2 * i + 1, bytes);
    engine_string_free(&file->f0);
    file_bytes += file->f1.len;
  }
  /* Of an empty list the pointer leads nowhere. */
  if (files->len) free(files->ptr);
  return array;
}

/* `boot`: a bot's top level. */
engine_callback_code_t exports_engine_boot(engine_list_u8_t *code, engine_list_tuple2_string_list_u8_t *files,
                                           engine_string_t *options) {
  current = task_new();
  take_bundle(code);
  JSValue arguments[2] = {
    files_array(files),
    JS_NewStringLen(js, (const char *)options->ptr, options->len),
  };
  apply_limit();
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
  size_t used = JS_GetMemoryUsed(runtime);
  size_t left = limit_bytes > used ? (limit_bytes - used) / 2 : 0;
  JS_SetGCThreshold(runtime, used + (left < GC_THRESHOLD_BYTES ? left : GC_THRESHOLD_BYTES));
  heap_seal();
}
