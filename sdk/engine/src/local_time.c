/*
 * Local time. The engine asks here for a zone's offset only where there is a zone: in UTC QuickJS
 * has no clocks set, and asks nobody.
 *
 * The host tells the changes of a zone's clocks, 64 years at a time, at the first date of those
 * years. What came is kept, four times 64 years of it, and lies in an image like anything else.
 */

#include <stdio.h>

#include "glue.h"

#define DAY 86400000ll
#define YEARS_64 (23376 * DAY)
/* Until when clocks showed the sun's time, and from when they do every 400 years the same. */
#define FIRST (-62823 * DAY)  /* 1798 */
#define STEADY (47482 * DAY)  /* 2100 */
#define CYCLE (146097 * DAY)
/* What is asked for on either side of 64 years: local time is never as far from UTC. */
#define MARGIN (3 * DAY)
/* The 64 years numbered 0 begin here. */
#define ORIGIN (7305 * DAY)  /* 1990 */

typedef struct {
  int64_t at;
  int32_t offset;
} change;

typedef struct {
  int64_t number;
  int32_t first;
  uint32_t count;
  change *changes;
} years;

enum { KEPT = 4, NAMES = 2, LONGEST_NAME = 96 };

static char zone[64];
static int32_t fixed;
static years kept[KEPT];
static unsigned next_kept;

/* Names of the zone, each with the instants between which it is known to hold. */
static struct {
  int64_t from, to;
  char text[LONGEST_NAME];
} names[NAMES];
static unsigned next_name;

/* Asks the host. Where it knows nothing, the clocks show UTC. */
static void ask(years *to, int64_t number) {
  int64_t start = ORIGIN + number * YEARS_64;
  engine_string_t name = { (uint8_t *)zone, strlen(zone) };
  roost_bot_intl_dates_clocks_t clocks;
  roost_bot_intl_dates_error_t error;
  free(to->changes);
  *to = (years){ .number = number };
  if (!roost_bot_intl_dates_clocks_between(&name, start - MARGIN, start + YEARS_64 + MARGIN, &clocks, &error)) {
    roost_bot_intl_dates_error_free(&error);
    return;
  }
  to->first = clocks.first;
  to->changes = calloc(clocks.changes.len ? clocks.changes.len : 1, sizeof *to->changes);
  if (to->changes) {
    to->count = clocks.changes.len;
    for (uint32_t i = 0; i < to->count; i++)
      to->changes[i] = (change){ clocks.changes.ptr[i].at, clocks.changes.ptr[i].offset };
  }
  roost_bot_intl_dates_clocks_free(&clocks);
}

/* The 64 years that a time lies in, and the same time among those that the host is asked for. */
static const years *years_of(int64_t *time) {
  if (*time < FIRST) *time = FIRST;
  if (*time >= STEADY + CYCLE) *time = STEADY + (*time - STEADY) % CYCLE;
  int64_t since = *time - ORIGIN;
  int64_t number = since >= 0 ? since / YEARS_64 : -((YEARS_64 - 1 - since) / YEARS_64);
  for (int i = 0; i < KEPT; i++)
    if (kept[i].changes && kept[i].number == number) return &kept[i];
  years *made = &kept[next_kept++ % KEPT];
  ask(made, number);
  return made;
}

static int32_t before(const years *in, uint32_t i) {
  return i ? in->changes[i - 1].offset : in->first;
}

/*
 * How many changes came before. In local time a change counts from the hour that comes after both
 * what is skipped and what comes twice: as ECMA-262 wants it, both go by the clocks from before.
 */
static uint32_t changes_before(const years *in, int64_t time, bool is_local) {
  uint32_t low = 0, high = in->count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    int64_t at = in->changes[middle].at;
    if (is_local) {
      int32_t one = before(in, middle), other = in->changes[middle].offset;
      at += one > other ? one : other;
    }
    if (at <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

static int32_t offset_at(int64_t time, bool is_local) {
  if (!zone[0]) return fixed;
  const years *in = years_of(&time);
  return before(in, changes_before(in, time, is_local));
}

/* `GMT+03:00`: of a zone that has no other name. */
static const char *offset_name(int32_t offset) {
  static char text[16];
  int minutes = (offset < 0 ? -offset : offset) / 60000;
  snprintf(text, sizeof text, "GMT%c%02d:%02d", offset < 0 ? '-' : '+', minutes / 60 % 24, minutes % 60);
  return text;
}

static const char *name_at(int64_t time) {
  if (!zone[0]) return offset_name(fixed);
  const years *in = years_of(&time);
  for (int i = 0; i < NAMES; i++)
    if (names[i].text[0] && names[i].from <= time && time < names[i].to) return names[i].text;
  uint32_t i = changes_before(in, time, false);
  int64_t start = ORIGIN + in->number * YEARS_64;
  engine_string_t name = { (uint8_t *)zone, strlen(zone) }, text;
  engine_string_t locale = { (uint8_t *)"en-US", 5 }, style = { (uint8_t *)"long", 4 };
  roost_bot_intl_dates_error_t error;
  if (!roost_bot_intl_dates_time_zone_name(&name, time, &locale, &style, &text, &error)) {
    roost_bot_intl_dates_error_free(&error);
    return offset_name(before(in, i));
  }
  unsigned at = next_name++ % NAMES;
  size_t size = text.len < LONGEST_NAME ? text.len : 0;
  memcpy(names[at].text, text.ptr, size);
  names[at].text[size] = 0;
  names[at].from = i ? in->changes[i - 1].at : start - MARGIN;
  names[at].to = i < in->count ? in->changes[i].at : start + YEARS_64 + MARGIN;
  engine_string_free(&text);
  return size ? names[at].text : offset_name(before(in, i));
}

/* `+05:30`: what clocks add to UTC by themselves. False where it is a zone's name. */
static bool read_offset(const char *text, int32_t *offset) {
  if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 || text[3] != ':') return false;
  for (int i = 1; i < 6; i++)
    if (i != 3 && (text[i] < '0' || text[i] > '9')) return false;
  int hours = (text[1] - '0') * 10 + text[2] - '0', minutes = (text[4] - '0') * 10 + text[5] - '0';
  *offset = (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes) * 60000;
  return true;
}

/* `timeZone`: which zone's time is local, from now on. */
static JSValue js_time_zone(JSContext *c, JSValueConst this, int count, JSValueConst *arguments) {
  (void)this, (void)count;
  static const JSLocalTime clocks = { offset_at, name_at };
  size_t size;
  const char *name = JS_ToCStringLen(c, &size, arguments[0]);
  if (!name) return JS_EXCEPTION;
  for (int i = 0; i < KEPT; i++) {
    free(kept[i].changes);
    kept[i] = (years){ 0 };
  }
  memset(names, 0, sizeof names);
  zone[0] = 0;
  bool is_offset = read_offset(name, &fixed);
  /* The host knows no name as long as that. */
  if (!is_offset && size < sizeof zone) memcpy(zone, name, size + 1);
  JS_SetLocalTime(is_offset || zone[0] ? &clocks : NULL);
  JS_FreeCString(c, name);
  return JS_UNDEFINED;
}

void add_local_time(void) { add_function("timeZone", js_time_zone, 1); }
