/* Text and bytes: the conversions that JavaScript code does most. */

#include "glue.h"

static uint8_t *bytes_of(JSValueConst value, size_t *size) {
  uint8_t *bytes = JS_GetUint8Array(js, size, value);
  static uint8_t nothing[1];
  if (bytes || JS_HasException(js)) return bytes;
  *size = 0;
  return nothing;
}

/* No text has more characters: room is made for none that could not be one. */
#define LONGEST_TEXT ((1u << 30) - 1)

static bool is_text(JSContext *c, uint64_t length) {
  if (length > LONGEST_TEXT) JS_ThrowRangeError(c, "Invalid string length");
  return length <= LONGEST_TEXT;
}

static JSValue js_utf8_encode(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t size;
  const char *text = JS_ToCStringLen(c, &size, arguments[0]);
  if (!text) return JS_EXCEPTION;
  JSValue value = JS_NewUint8ArrayCopy(c, (const uint8_t *)text, size);
  JS_FreeCString(c, text);
  uint8_t *bytes = JS_GetUint8Array(c, &size, value);
  /* A lone surrogate comes as WTF-8; UTF-8 has U+FFFD for it, of the same length. */
  for (size_t i = 0; bytes && i + 2 < size; i++)
    if (bytes[i] == 0xed && bytes[i + 1] >= 0xa0) memcpy(bytes + i, "\xef\xbf\xbd", 3);
  return value;
}

/* The length of the UTF-8 sequence at `p`, or minus the length of its malformed start. */
static int sequence(const uint8_t *p, const uint8_t *end) {
  uint8_t a = *p;
  if (a < 0x80) return 1;
  int length = a >= 0xc2 && a < 0xe0 ? 2 : (a & 0xf0) == 0xe0 ? 3 : a >= 0xf0 && a < 0xf5 ? 4 : 0;
  if (!length) return -1;
  uint8_t low = a == 0xe0 ? 0xa0 : a == 0xf0 ? 0x90 : 0x80;
  uint8_t high = a == 0xed ? 0x9f : a == 0xf4 ? 0x8f : 0xbf;
  for (int i = 1; i < length; i++, low = 0x80, high = 0xbf)
    if (p + i >= end || p[i] < low || p[i] > high) return -i;
  return length;
}

static JSValue js_utf8_decode(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t size;
  uint8_t *bytes = bytes_of(arguments[0], &size);
  if (!bytes || !is_text(c, size)) return JS_EXCEPTION;
  const uint8_t *end = bytes + size, *p = bytes;
  int length = 1;
  while (p < end && (length = sequence(p, end)) > 0) p += length;
  if (p == end) return JS_NewStringLen(c, (const char *)bytes, size);
  if (JS_ToBool(c, arguments[1])) return JS_ThrowTypeError(c, "The encoded data was not valid for encoding utf-8");
  /* Each malformed sequence becomes U+FFFD, at most three bytes for one. */
  uint8_t *clean = malloc(size * 3), *out = clean;
  for (p = bytes; p < end;) {
    length = sequence(p, end);
    if (length > 0) {
      memcpy(out, p, length);
      out += length;
      p += length;
    } else {
      memcpy(out, "\xef\xbf\xbd", 3);
      out += 3;
      p -= length;
    }
  }
  JSValue value = JS_NewStringLen(c, (const char *)clean, out - clean);
  free(clean);
  return value;
}

static JSValue js_latin1_decode(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t size;
  uint8_t *bytes = bytes_of(arguments[0], &size);
  if (!bytes || !is_text(c, size)) return JS_EXCEPTION;
  uint16_t *wide = malloc(size * sizeof *wide + 2);
  for (size_t i = 0; i < size; i++) wide[i] = bytes[i];
  JSValue value = JS_NewStringUTF16(c, wide, size);
  free(wide);
  return value;
}

static JSValue js_latin1_encode(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t length;
  const uint16_t *wide = JS_ToCStringLenUTF16(c, &length, arguments[0]);
  if (!wide) return JS_EXCEPTION;
  uint8_t *bytes = malloc(length + 1);
  for (size_t i = 0; i < length; i++) bytes[i] = wide[i];
  JS_FreeCStringUTF16(c, wide);
  JSValue value = JS_NewUint8ArrayCopy(c, bytes, length);
  free(bytes);
  return value;
}

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static JSValue js_base64_encode(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t size;
  uint8_t *bytes = bytes_of(arguments[0], &size);
  if (!bytes || !is_text(c, (uint64_t)size / 3 * 4 + 4)) return JS_EXCEPTION;
  bool url = JS_ToBool(c, arguments[1]);
  const char *alphabet = url ? for_urls : standard;
  char *text = malloc(size / 3 * 4 + 4), *out = text;
  for (size_t i = 0; i < size; i += 3) {
    size_t left = size - i;
    uint32_t bits = bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    *out++ = alphabet[bits >> 18];
    *out++ = alphabet[bits >> 12 & 63];
    if (left > 1) *out++ = alphabet[bits >> 6 & 63];
    else if (!url) *out++ = '=';
    if (left > 2) *out++ = alphabet[bits & 63];
    else if (!url) *out++ = '=';
  }
  JSValue value = JS_NewStringLen(c, text, out - text);
  free(text);
  return value;
}

static int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

static JSValue js_base64_decode(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t length;
  const char *text = JS_ToCStringLen(c, &length, arguments[0]);
  if (!text) return JS_EXCEPTION;
  uint8_t *bytes = malloc(length / 4 * 3 + 3), *out = bytes;
  uint32_t bits = 0;
  int have = 0;
  for (size_t i = 0; i < length && text[i] != '='; i++) {
    int digit = base64_digit(text[i]);
    if (digit < 0) continue;
    bits = bits << 6 | digit;
    have += 6;
    if (have >= 8) {
      have -= 8;
      *out++ = bits >> have;
    }
  }
  JS_FreeCString(c, text);
  JSValue value = JS_NewUint8ArrayCopy(c, bytes, out - bytes);
  free(bytes);
  return value;
}

static JSValue js_hex_encode(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t size;
  uint8_t *bytes = bytes_of(arguments[0], &size);
  if (!bytes || !is_text(c, (uint64_t)size * 2)) return JS_EXCEPTION;
  char *text = malloc(size * 2 + 1);
  for (size_t i = 0; i < size; i++) {
    text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
    text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
  }
  JSValue value = JS_NewStringLen(c, text, size * 2);
  free(text);
  return value;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 32;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static JSValue js_hex_decode(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t length;
  const char *text = JS_ToCStringLen(c, &length, arguments[0]);
  if (!text) return JS_EXCEPTION;
  uint8_t *bytes = malloc(length / 2 + 1);
  size_t size = 0;
  for (size_t i = 0; i + 1 < length; i += 2, size++) {
    int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) break;
    bytes[size] = high << 4 | low;
  }
  JS_FreeCString(c, text);
  JSValue value = JS_NewUint8ArrayCopy(c, bytes, size);
  free(bytes);
  return value;
}

static JSValue js_index_of(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t size, needle_size;
  int64_t from;
  if (JS_ToInt64(c, &from, arguments[2])) return JS_EXCEPTION;
  uint8_t *bytes = bytes_of(arguments[0], &size);
  if (!bytes) return JS_EXCEPTION;
  uint8_t *needle = bytes_of(arguments[1], &needle_size);
  if (!needle) return JS_EXCEPTION;
  if (needle_size > size || from > (int64_t)(size - needle_size)) return JS_NewInt32(c, -1);
  for (size_t i = from < 0 ? 0 : from; i <= size - needle_size; i++)
    if (!memcmp(bytes + i, needle, needle_size)) return JS_NewInt64(c, i);
  return JS_NewInt32(c, -1);
}

/* Looks at all bytes, so that the time does not say where they differ; `volatile` keeps the compiler from stopping early. */
static JSValue js_same_bytes(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  size_t size, other_size;
  uint8_t *bytes = bytes_of(arguments[0], &size);
  if (!bytes) return JS_EXCEPTION;
  uint8_t *other = bytes_of(arguments[1], &other_size);
  if (!other) return JS_EXCEPTION;
  if (size != other_size) return JS_FALSE;
  volatile uint8_t different = 0;
  for (size_t i = 0; i < size; i++) different |= bytes[i] ^ other[i];
  return JS_NewBool(c, different == 0);
}

void add_codecs(void) {
  add_function("utf8Encode", js_utf8_encode, 1);
  add_function("utf8Decode", js_utf8_decode, 2);
  add_function("latin1Decode", js_latin1_decode, 1);
  add_function("latin1Encode", js_latin1_encode, 1);
  add_function("base64Encode", js_base64_encode, 2);
  add_function("base64Decode", js_base64_decode, 1);
  add_function("hexEncode", js_hex_encode, 1);
  add_function("hexDecode", js_hex_decode, 1);
  add_function("indexOf", js_index_of, 3);
  add_function("sameBytes", js_same_bytes, 2);
}
