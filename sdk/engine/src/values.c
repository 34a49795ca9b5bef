/*
 * Host functions. The tables in functions.h describe each type of wit/ in the
 * canonical ABI's memory layout; here JavaScript values are written to and read
 * from that memory, whatever the type.
 */

#include "glue.h"

typedef enum {
  BOOL, U8, S8, U16, S16, U32, S32, U64, S64, F32, F64,
  STRING, LIST, RECORD, TUPLE, VARIANT, ENUM, OPTION, RESULT, HANDLE,
} kind;

typedef struct type type;

typedef struct {
  const char *name;
  uint32_t offset;
  const type *type;
} member;

struct type {
  kind kind;
  uint32_t count, size, align, payload;
  const member *members;
};

typedef struct {
  const char *name;
  const type *parameters, *result;
  bool async;
  uint32_t (*call)(uint8_t *parameters, uint8_t *result);
} function;

#define AT(c_type, base, offset) (*(c_type *)((uint8_t *)(base) + (offset)))

#include "functions.h"

/* What a call's parameters point to, freed when it has returned. */
typedef struct block {
  struct block *next;
  uint64_t bytes[];
} block;

static void *keep(block **kept, size_t size) {
  block *self = malloc(sizeof *self + (size ? size : 1));
  self->next = *kept;
  *kept = self;
  return self->bytes;
}

static void forget(block *kept) {
  while (kept) {
    block *next = kept->next;
    free(kept);
    kept = next;
  }
}

/* Writes a value. False with an exception when it is not of the type. */
static bool lower(const type *type, JSValueConst value, uint8_t *to, block **kept);

static bool lower_string(JSValueConst value, uint8_t *to, block **kept) {
  size_t size;
  const char *text = JS_ToCStringLen(js, &size, value);
  if (!text) return false;
  uint8_t *bytes = keep(kept, size);
  /* QuickJS encodes a lone surrogate as WTF-8, which no WIT string may hold. */
  for (size_t i = 0; i < size; i++) {
    if ((uint8_t)text[i] == 0xed && i + 2 < size && (uint8_t)text[i + 1] >= 0xa0) {
      memcpy(bytes + i, "\xef\xbf\xbd", 3);
      i += 2;
    } else {
      bytes[i] = text[i];
    }
  }
  JS_FreeCString(js, text);
  AT(uint32_t, to, 0) = (uintptr_t)bytes;
  AT(uint32_t, to, 4) = size;
  return true;
}

static bool lower_list(const type *element, JSValueConst value, uint8_t *to, block **kept) {
  if (element->kind == U8) {
    size_t size;
    uint8_t *bytes = JS_GetUint8Array(js, &size, value);
    if (!bytes && JS_HasException(js)) return false;
    uint8_t *copy = keep(kept, size);
    memcpy(copy, bytes, size);
    AT(uint32_t, to, 0) = (uintptr_t)copy;
    AT(uint32_t, to, 4) = size;
    return true;
  }
  int64_t length;
  if (JS_GetLength(js, value, &length)) return false;
  uint64_t room = (uint64_t)length * element->size;
  if (length > INT32_MAX || room > INT32_MAX) {
    JS_ThrowRangeError(js, "Invalid array length");
    return false;
  }
  uint8_t *items = keep(kept, room);
  memset(items, 0, room);
  for (int64_t i = 0; i < length; i++) {
    JSValue item = JS_GetPropertyInt64(js, value, i);
    bool good = !JS_IsException(item) && lower(element, item, items + i * element->size, kept);
    JS_FreeValue(js, item);
    if (!good) return false;
  }
  AT(uint32_t, to, 0) = (uintptr_t)items;
  AT(uint32_t, to, 4) = length;
  return true;
}

static bool lower_members(const type *type, JSValueConst value, uint8_t *to, block **kept) {
  for (uint32_t i = 0; i < type->count; i++) {
    const member *member = &type->members[i];
    JSValue field = type->kind == TUPLE ? JS_GetPropertyUint32(js, value, i)
                                        : JS_GetPropertyStr(js, value, member->name);
    bool good = !JS_IsException(field) && lower(member->type, field, to + member->offset, kept);
    JS_FreeValue(js, field);
    if (!good) return false;
  }
  return true;
}

/* The case that a name stands for, or -1 with an exception. */
static int case_of(const type *type, JSValueConst name) {
  size_t size;
  const char *text = JS_ToCStringLen(js, &size, name);
  if (!text) return -1;
  int found = -1;
  for (uint32_t i = 0; i < type->count; i++) {
    const char *known = type->members[i].name;
    if (strlen(known) == size && !memcmp(known, text, size)) found = i;
  }
  if (found < 0) JS_ThrowTypeError(js, "there is no case `%s`", text);
  JS_FreeCString(js, text);
  return found;
}

static bool lower_variant(const type *type, JSValueConst value, uint8_t *to, block **kept) {
  JSValue tag = JS_GetPropertyStr(js, value, "tag");
  int n = JS_IsException(tag) ? -1 : case_of(type, tag);
  JS_FreeValue(js, tag);
  if (n < 0) return false;
  AT(uint8_t, to, 0) = n;
  if (!type->members[n].type) return true;
  JSValue payload = JS_GetPropertyStr(js, value, "val");
  bool good = !JS_IsException(payload) && lower(type->members[n].type, payload, to + type->payload, kept);
  JS_FreeValue(js, payload);
  return good;
}

static bool lower(const type *type, JSValueConst value, uint8_t *to, block **kept) {
  int32_t i32 = 0;
  int64_t i64 = 0;
  double f64 = 0;
  switch (type->kind) {
  case BOOL:
    AT(uint8_t, to, 0) = JS_ToBool(js, value);
    return true;
  case U8: case S8:
    if (JS_ToInt32(js, &i32, value)) return false;
    AT(uint8_t, to, 0) = i32;
    return true;
  case U16: case S16:
    if (JS_ToInt32(js, &i32, value)) return false;
    AT(uint16_t, to, 0) = i32;
    return true;
  case U32: case S32: case HANDLE:
    if (JS_ToInt32(js, &i32, value)) return false;
    AT(int32_t, to, 0) = i32;
    return true;
  case U64: case S64:
    if (JS_IsBigInt(value) ? JS_ToBigInt64(js, &i64, value) : JS_ToInt64(js, &i64, value)) return false;
    AT(int64_t, to, 0) = i64;
    return true;
  case F32:
    if (JS_ToFloat64(js, &f64, value)) return false;
    AT(float, to, 0) = f64;
    return true;
  case F64:
    if (JS_ToFloat64(js, &f64, value)) return false;
    AT(double, to, 0) = f64;
    return true;
  case STRING: return lower_string(value, to, kept);
  case LIST: return lower_list(type->members->type, value, to, kept);
  case RECORD: case TUPLE: return lower_members(type, value, to, kept);
  case VARIANT: case RESULT: return lower_variant(type, value, to, kept);
  case ENUM: {
    int n = case_of(type, value);
    AT(uint8_t, to, 0) = n;
    return n >= 0;
  }
  case OPTION:
    if (JS_IsUndefined(value) || JS_IsNull(value)) {
      AT(uint8_t, to, 0) = 0;
      return true;
    }
    AT(uint8_t, to, 0) = 1;
    return lower(type->members[1].type, value, to + type->payload, kept);
  }
  return false;
}

/* Reads a value and frees what it points to. */
static JSValue lift(const type *type, const uint8_t *from) {
  switch (type->kind) {
  case BOOL: return JS_NewBool(js, AT(uint8_t, from, 0));
  case U8: return JS_NewInt32(js, AT(uint8_t, from, 0));
  case S8: return JS_NewInt32(js, AT(int8_t, from, 0));
  case U16: return JS_NewInt32(js, AT(uint16_t, from, 0));
  case S16: return JS_NewInt32(js, AT(int16_t, from, 0));
  case U32: case HANDLE: return JS_NewUint32(js, AT(uint32_t, from, 0));
  case S32: return JS_NewInt32(js, AT(int32_t, from, 0));
  case U64: return JS_NewBigUint64(js, AT(uint64_t, from, 0));
  case S64: return JS_NewBigInt64(js, AT(int64_t, from, 0));
  case F32: return JS_NewFloat64(js, AT(float, from, 0));
  case F64: return JS_NewFloat64(js, AT(double, from, 0));
  case STRING: {
    char *text = (char *)(uintptr_t)AT(uint32_t, from, 0);
    uint32_t size = AT(uint32_t, from, 4);
    JSValue value = JS_NewStringLen(js, text, size);
    if (size) free(text);
    return value;
  }
  case LIST: {
    const struct type *element = type->members->type;
    uint8_t *items = (uint8_t *)(uintptr_t)AT(uint32_t, from, 0);
    uint32_t length = AT(uint32_t, from, 4);
    JSValue value;
    if (element->kind == U8) {
      value = JS_NewUint8ArrayCopy(js, items, length);
    } else {
      value = JS_NewArray(js);
      for (uint32_t i = 0; i < length; i++)
        JS_SetPropertyUint32(js, value, i, lift(element, items + i * element->size));
    }
    if (length && element->size) free(items);
    return value;
  }
  case RECORD: case TUPLE: {
    JSValue value = type->kind == TUPLE ? JS_NewArray(js) : JS_NewObject(js);
    for (uint32_t i = 0; i < type->count; i++) {
      JSValue field = lift(type->members[i].type, from + type->members[i].offset);
      if (type->kind == TUPLE)
        JS_SetPropertyUint32(js, value, i, field);
      else
        JS_SetPropertyStr(js, value, type->members[i].name, field);
    }
    return value;
  }
  case VARIANT: case RESULT: {
    const member *chosen = &type->members[AT(uint8_t, from, 0)];
    JSValue value = JS_NewObject(js);
    JS_SetPropertyStr(js, value, "tag", JS_NewString(js, chosen->name));
    if (chosen->type) JS_SetPropertyStr(js, value, "val", lift(chosen->type, from + type->payload));
    return value;
  }
  case ENUM: return JS_NewString(js, type->members[AT(uint8_t, from, 0)].name);
  case OPTION:
    return AT(uint8_t, from, 0) ? lift(type->members[1].type, from + type->payload) : JS_UNDEFINED;
  }
  return JS_UNDEFINED;
}

typedef struct {
  operation operation;
  const function *function;
  block *kept;
  uint8_t *parameters, *result;
  JSValue promise[2];
} calling;

static void calling_free(calling *self) {
  forget(self->kept);
  free(self);
}

/* The result, and whether it is a failure. */
static JSValue calling_result(calling *self, bool *failed) {
  const type *type = self->function->result;
  *failed = false;
  if (!type) return JS_UNDEFINED;
  if (type->kind != RESULT) return lift(type, self->result);
  *failed = AT(uint8_t, self->result, 0);
  const member *chosen = &type->members[*failed];
  JSValue value = chosen->type ? lift(chosen->type, self->result + type->payload) : JS_UNDEFINED;
  return *failed ? new_payload(value) : value;
}

static void calling_settle(calling *self) {
  bool failed;
  JSValue value = calling_result(self, &failed);
  settle(self->promise, failed, value);
  calling_free(self);
}

static void calling_finish(operation *operation, uint32_t code) {
  (void)code;
  engine_subtask_drop(operation->waitable);
  calling_settle((calling *)operation);
}

static void calling_abandon(operation *operation) {
  calling *self = (calling *)operation;
  engine_subtask_cancel(operation->waitable);
  engine_subtask_drop(operation->waitable);
  JS_FreeValue(js, self->promise[0]);
  JS_FreeValue(js, self->promise[1]);
  calling_free(self);
}

static JSValue call_async(calling *self) {
  if (!current) {
    calling_free(self);
    return JS_ThrowTypeError(js, "no event is being handled");
  }
  JSValue promise = JS_NewPromiseCapability(js, self->promise);
  if (JS_IsException(promise)) {
    calling_free(self);
    return promise;
  }
  self->operation.finish = calling_finish;
  self->operation.abandon = calling_abandon;
  uint32_t status = self->function->call(self->parameters, self->result);
  if (ENGINE_SUBTASK_STATE(status) == ENGINE_SUBTASK_RETURNED)
    calling_settle(self);
  else
    operation_start(&self->operation, ENGINE_SUBTASK_HANDLE(status), true);
  return promise;
}

static JSValue js_call(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  int32_t n;
  if (JS_ToInt32(c, &n, arguments[0])) return JS_EXCEPTION;
  if (n < 0 || n >= FUNCTIONS) return JS_ThrowRangeError(c, "there is no host function %d", n);
  const function *function = &functions[n];
  calling *self = calloc(1, sizeof *self);
  self->function = function;
  self->parameters = keep(&self->kept, function->parameters->size);
  memset(self->parameters, 0, function->parameters->size);
  self->result = function->result ? keep(&self->kept, function->result->size) : NULL;
  type as_tuple = *function->parameters;
  as_tuple.kind = TUPLE;
  if (!lower(&as_tuple, arguments[1], self->parameters, &self->kept)) {
    calling_free(self);
    return JS_EXCEPTION;
  }
  if (function->async) return call_async(self);
  function->call(self->parameters, self->result);
  bool failed;
  JSValue value = calling_result(self, &failed);
  calling_free(self);
  return failed ? JS_Throw(c, value) : value;
}

void add_functions(void) {
  JSValue names = JS_NewArray(js);
  for (int n = 0; n < FUNCTIONS; n++)
    JS_SetPropertyUint32(js, names, n, JS_NewString(js, functions[n].name));
  JS_SetPropertyStr(js, engine_object, "functions", names);
  add_function("call", js_call, 2);
}
