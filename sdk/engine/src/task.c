/* The event loop: a task's callback delivers what ended, then lets JavaScript run. */

#include "glue.h"

task *current;

task *task_new(void) {
  task *self = calloc(1, sizeof *self);
  self->set = engine_waitable_set_new();
  self->boot = JS_UNDEFINED;
  engine_context_set_0(self);
  return self;
}

void operation_start(operation *self, uint32_t waitable, bool holds) {
  self->waitable = waitable;
  self->holds = holds;
  self->next = current->first;
  current->first = self;
  current->holds += holds;
  engine_waitable_join(waitable, current->set);
}

/* Takes an operation out of its task: it ended, or is not waited for any more. */
void operation_stop(task *of, operation *self) {
  operation **at = &of->first;
  while (*at != self) at = &(*at)->next;
  *at = self->next;
  of->holds -= self->holds;
  engine_waitable_join(self->waitable, 0);
}

static void task_free(task *self) {
  while (self->first) {
    operation *left = self->first;
    operation_stop(self, left);
    left->abandon(left);
  }
  engine_waitable_set_drop(self->set);
  JS_FreeValue(js, self->boot);
  free(self);
  current = NULL;
}

static void boot_return(JSValueConst result) {
  size_t length;
  const char *text = JS_IsUndefined(result) ? NULL : JS_ToCStringLen(js, &length, result);
  static const char unknown[] = "{\"ok\":false,\"error\":{\"message\":\"the top level gave no report\"}}";
  const char *own = text ? NULL : JS_RanOutOfMemory(runtime) ? out_of_memory_report : unknown;
  if (own) {
    JS_FreeValue(js, JS_GetException(js));
    text = own;
    length = strlen(own);
  }
  exports_engine_boot_return((engine_string_t){ (uint8_t *)text, length });
  if (!own) JS_FreeCString(js, text);
}

/*
 * Ends `boot` once its promise is settled, or nothing is left that could settle it. An alarm that rang while it
 * was set is no operation any more, and still brings a turn.
 */
static bool boot_ends(task *self) {
  JSPromiseStateEnum state = JS_PromiseState(js, self->boot);
  if (state == JS_PROMISE_PENDING && (self->first || self->rang)) return false;
  JSValue result = state == JS_PROMISE_FULFILLED ? JS_PromiseResult(js, self->boot) : JS_UNDEFINED;
  boot_return(result);
  JS_FreeValue(js, result);
  return true;
}

/* Ends a request when its answer is out and nothing it started is left. */
static bool request_ends(task *self) {
  if (self->holds > 0) return false;
  if (!request_answered(self->request))
    request_fail(self->request, "the bot ended its work on the request without answering it");
  if (streams_close()) {
    static const char why[] = "the bot began its answer and never ended it";
    roost_bot_event_fail(&(engine_string_t){ (uint8_t *)why, sizeof why - 1 });
  }
  if (self->holds > 0) return false;
  JSValue phase = JS_NewString(js, "end");
  JS_FreeValue(js, call_runtime("onevent", 1, &phase));
  JS_FreeValue(js, phase);
  return true;
}

engine_callback_code_t task_turn(task *self) {
  self->rang = self->held = false;
  JS_FreeValue(js, call_runtime("onturn", 0, NULL));
  bool ends = !self->held && (self->request ? request_ends(self) : boot_ends(self));
  if (!ends) {
    uint32_t set = self->set;
    bool rang = self->rang;
    current = NULL;
    /* A task that is never at rest still lets the host deliver what has ended. */
    return rang ? ENGINE_CALLBACK_CODE_YIELD : ENGINE_CALLBACK_CODE_WAIT(set);
  }
  if (self->request) request_drop(self->request);
  task_free(self);
  return ENGINE_CALLBACK_CODE_EXIT;
}

/* Lets an operation finish; false when the event is no end. */
static bool task_deliver(task *self, const engine_event_t *event) {
  if (event->event == ENGINE_EVENT_SUBTASK &&
      ENGINE_SUBTASK_STATE(event->code) < ENGINE_SUBTASK_RETURNED)
    return false;
  operation *ended = self->first;
  while (ended && ended->waitable != event->waitable) ended = ended->next;
  if (ended) {
    operation_stop(self, ended);
    ended->finish(ended, event->code);
  }
  return true;
}

engine_callback_code_t task_event(const engine_event_t *event) {
  task *self = current = engine_context_get_0();
  if (event->event == ENGINE_EVENT_NONE) {
    engine_event_t next;
    for (engine_waitable_set_poll(self->set, &next); next.event != ENGINE_EVENT_NONE;
         engine_waitable_set_poll(self->set, &next))
      task_deliver(self, &next);
  } else if (!task_deliver(self, event)) {
    /* The call has begun; its end is still to come. */
    uint32_t set = self->set;
    current = NULL;
    return ENGINE_CALLBACK_CODE_WAIT(set);
  }
  return task_turn(self);
}
