"""Writes what ICU's data has of calendars, with all that is inherited, as JSON for `make.js`.

    pip install icu4py==1.2.0          # brings the libraries of ICU 78.3
    node cldr/calendars/make.js locales > locales.json
    python3 cldr/calendars/make.py FOLDER-OF-THE-LIBRARIES < locales.json > icu.json
    node cldr/calendars/make.js < icu.json
"""
import ctypes
import functools
import glob
import json
import sys

VERSION = "_78"
STRING, TABLE, ARRAY = 0, 2, 8
CALENDARS = "buddhist chinese coptic dangi ethiopic hebrew indian islamic japanese persian roc".split()
WIDTHS = ("wide", "abbreviated", "narrow")
CONTEXTS = ("format", "stand-alone")
APPENDED = "Era Year Quarter Month Week Day-Of-Week Day Hour Minute Second Timezone".split()

folder = sys.argv[1]
ctypes.CDLL(glob.glob(f"{folder}/libicudata*")[0], mode=ctypes.RTLD_GLOBAL)
library = ctypes.CDLL(glob.glob(f"{folder}/libicuuc*")[0], mode=ctypes.RTLD_GLOBAL)

pointer, number = ctypes.c_void_p, ctypes.c_int32
code = ctypes.POINTER(number)


def function(name, result, *arguments):
    found = getattr(library, name + VERSION)
    found.restype, found.argtypes = result, arguments
    return found


ures_open = function("ures_open", pointer, ctypes.c_char_p, ctypes.c_char_p, code)
ures_open_direct = function("ures_openDirect", pointer, ctypes.c_char_p, ctypes.c_char_p, code)
ures_close = function("ures_close", None, pointer)
ures_by_key = function("ures_getByKey", pointer, pointer, ctypes.c_char_p, pointer, code)
ures_by_path = function("ures_getByKeyWithFallback", pointer, pointer, ctypes.c_char_p, pointer, code)
ures_size = function("ures_getSize", number, pointer)
ures_type = function("ures_getType", number, pointer)
ures_at = function("ures_getByIndex", pointer, pointer, number, pointer, code)
ures_key = function("ures_getKey", ctypes.c_char_p, pointer)
ures_string = function("ures_getString", pointer, pointer, code, code)


def call(what, *arguments):
    """What a function gives, or none where it fails."""
    status = number(0)
    found = what(*arguments, ctypes.byref(status))
    return found if status.value <= 0 else None


def value(of):
    kind = ures_type(of)
    if kind == STRING:
        length = number(0)
        text = call(lambda *rest: ures_string(of, *rest), ctypes.byref(length))
        return ctypes.string_at(text, length.value * 2).decode("utf-16-le")
    parts = []
    for place in range(ures_size(of)) if kind in (TABLE, ARRAY) else ():
        part = call(ures_at, of, place, None)
        if part:
            parts.append((ures_key(part), value(part)))
            ures_close(part)
    if kind == TABLE:
        return {key.decode(): part for key, part in parts}
    return [part for _, part in parts] if kind == ARRAY else None


def inherited(bundle, path):
    """What is at a path, of the locale or of what it inherits from."""
    found = call(ures_by_path, bundle, path.encode(), None)
    if not found:
        return None
    of = value(found)
    ures_close(found)
    return of


@functools.cache
def own_keys(locale, path):
    """The keys of a table of the locale itself, with those of its tables."""
    bundle = call(ures_open_direct, None, locale.encode())
    opened = [bundle] if bundle else []
    for part in path.split("/"):
        found = call(ures_by_key, opened[-1], part.encode(), None) if opened else None
        if not found:
            break
        opened.append(found)
    of = value(opened[-1]) if len(opened) == len(path.split("/")) + 1 else None
    for one in reversed(opened):
        ures_close(one)
    return {key: set(its) if isinstance(its, dict) else None for key, its in of.items()} if isinstance(of, dict) else {}


def text(of):
    return of[0] if isinstance(of, list) else of


def eras(bundle, calendar, width):
    path = f"calendar/{calendar}/eras/{width}"
    whole = inherited(bundle, path)
    found = {}
    for era in range(237 if calendar == "japanese" else 2):
        name = inherited(bundle, f"{path}/{era}")
        if name is None and isinstance(whole, list) and era < len(whole):
            name = whole[era]
        if isinstance(name, str):
            found[str(era)] = name
    return found


def calendar_of(bundle, chain, calendar):
    at = f"calendar/{calendar}"
    get = lambda path: inherited(bundle, f"{at}/{path}")
    found = {
        "styles": get("DateTimePatterns"),
        "atTime": get("DateTimePatterns%atTime"),
        "eras": {width: eras(bundle, calendar, width) for width in WIDTHS},
        "months": {c: {w: get(f"monthNames/{c}/{w}") for w in WIDTHS} for c in CONTEXTS},
        "append": {field: get(f"appendItems/{field}") for field in APPENDED},
        "fallback": get("intervalFormats/fallback"),
    }
    if calendar in ("chinese", "dangi"):
        found["years"] = get("cyclicNameSets/years/format/abbreviated")
        found["leap"] = {f"{c} {w}": get(f"monthPatterns/{c}/{w}/leap") for c in CONTEXTS for w in WIDTHS}
        found["leap"]["numeric"] = get("monthPatterns/numeric/all/leap")
    available, intervals = set(), {}
    for locale in chain:
        for source in (calendar, "chinese", "generic") if calendar == "dangi" else (calendar, "generic"):
            available |= set(own_keys(locale, f"calendar/{source}/availableFormats"))
            for skeleton, fields in own_keys(locale, f"calendar/{source}/intervalFormats").items():
                intervals.setdefault(skeleton, set()).update(fields or ())
    patterns = {key: text(get(f"availableFormats/{key}")) for key in sorted(available)}
    found["available"] = {key: pattern for key, pattern in patterns.items() if isinstance(pattern, str)}
    found["intervals"] = {}
    for skeleton, fields in sorted(intervals.items()):
        its = {field: get(f"intervalFormats/{skeleton}/{field}") for field in sorted(fields)}
        its = {field: pattern for field, pattern in its.items() if isinstance(pattern, str)}
        if its:
            found["intervals"][skeleton] = its
    return found


everything = {}
for name, chain in json.load(sys.stdin).items():
    bundle = call(ures_open, None, chain[0].encode())
    if bundle:
        everything[name] = {calendar: calendar_of(bundle, chain, calendar) for calendar in CALENDARS}
        ures_close(bundle)
json.dump(everything, sys.stdout, ensure_ascii=False)
