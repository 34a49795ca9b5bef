/* What the parts of the engine share: tasks, operations, and JavaScript's side. */
#ifndef ROOST_GLUE_H
#define ROOST_GLUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "quickjs.h"

/* The engine holds one JavaScript world. */
extern JSRuntime *runtime;
extern JSContext *js;
/* The object that sdk/runtime/src/engine.d.ts describes. */
extern JSValue engine_object;

/*
 * A task is one call of an export that the host has made and that has not
 * exited: a request, or `boot`. Its callback runs the event loop.
 */
typedef struct operation operation;
typedef struct request request;

typedef struct task {
  uint32_t set;        /* the waitable set the task waits on */
  operation *first;    /* what it waits for */
  int holds;           /* how much of that keeps it from ending */
  operation *alarm;    /* the one timer, if set */
  bool rang;           /* the alarm rang at once */
  bool held;           /* and was to keep the task from ending */
  request *request;    /* for a request: what came in */
  JSValue boot;        /* for boot: the promise of its result */
} task;

/* The task whose callback is running; NULL between callbacks. */
extern task *current;

/*
 * An operation is something the host will tell the end of. `finish` is called
 * once, with the event's code, after the operation left the task's list.
 */
struct operation {
  uint32_t waitable;
  bool holds;
  operation *next;
  void (*finish)(operation *self, uint32_t code);
  /* Ends the operation early, when its task ends: must drop what it holds. */
  void (*abandon)(operation *self);
};

void operation_start(operation *self, uint32_t waitable, bool holds);
void operation_stop(task *of, operation *self);

/* Tells the host what the task's next callback is to wait for, or that it ends. */
engine_callback_code_t task_turn(task *self);
task *task_new(void);
engine_callback_code_t task_event(const engine_event_t *event);

/* http.c */
bool request_answered(const request *self);
void request_fail(request *self, const char *message);
void request_drop(request *self);
/* `{ payload: { tag, val } }` of an error of wasi:http, which it frees. */
JSValue error_to_js(wasi_http_types_error_code_t *error);
void add_http(void);

/* stream.c: byte streams that JavaScript reads and writes, by number. */
int stream_reader(wasi_http_types_stream_u8_t stream,
                  wasi_http_types_future_result_option_own_trailers_error_code_t trailers,
                  wasi_http_types_future_result_void_error_code_writer_t done, int64_t length);
int stream_writer(wasi_http_types_stream_u8_writer_t stream,
                  wasi_http_types_future_result_option_own_trailers_error_code_writer_t trailers);
void trailers_none(wasi_http_types_future_result_option_own_trailers_error_code_writer_t trailers);
void stream_answers(int n);
bool streams_close(void);
void add_streams(void);

/* values.c: calls host functions with any WIT type. */
void add_functions(void);

/* natives.c, codecs.c: the rest of what JavaScript gets. */
void add_natives(void);
void add_codecs(void);
/* local_time.c: the zone that dates go by. */
void add_local_time(void);
void reseed(void);
JSValue run_source(const char *source, size_t size, const char *file);
/* False with an exception. */
bool compile_bundle(engine_string_t *bundle, engine_string_t *names, engine_string_t *options, engine_list_u8_t *code);
/* What `engine.evalBundle` will run. */
void take_bundle(engine_list_u8_t *code);
/* What a boot ends with when there is no memory to say it with. */
extern const char out_of_memory_report[];

/* Calls a function that the runtime put on the engine object; exceptions go to `onuncaught`. */
JSValue call_runtime(const char *name, int count, JSValueConst *arguments);
void report_uncaught(void);
void run_jobs(void);

void add_function(const char *name, JSCFunction *function, int length);
/* Resolves (0) or rejects (1) a promise capability and frees it, and the value. */
void settle(JSValue capability[2], int which, JSValue value);
/* A new error object with a message, for rejections. */
JSValue new_error(const char *message);
/* `{ payload: value }`: how a WIT error reaches JavaScript. */
JSValue new_payload(JSValue value);

#endif
