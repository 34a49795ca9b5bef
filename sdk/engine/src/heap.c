/* See heap.h. Size classes with free lists over a region that only grows. */

#include "heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WASM_PAGE 65536u
#define HOST_PAGE 4096u

/*
 * Classes 0 to 31 are multiples of 8 up to 256; after them sixteen to a doubling,
 * up to 64 KiB. LARGE blocks have their size in the eight bytes before them; KEPT
 * ones are all of one size and lie in rooms of their own.
 */
enum { FINE = HEAP_FINE, PER_DOUBLING = 16, CLASSES = HEAP_CLASSES, KEPT = 254, LARGE = 255 };
#define LARGEST_CLASS (64u << 10)
/* Smaller blocks are cut from pieces of large ones that are free; what is left of a piece in the end is lost. */
#define PIECE_BYTES (256u << 10)
#define LARGEST_PIECE (4u << 10)

#define KEPT_BYTES 32u
#define KEPT_ROOM (4 * HOST_PAGE)

/* What an event may use without growing the memory: a system call each time. */
#define EVENT_RESERVE (1u << 20)

typedef heap_free_block free_block;

typedef struct large_block {
  uint32_t size; /* of the payload */
  uint32_t unused;
  union {
    struct large_block *next;
    uint8_t payload[1];
  };
} large_block;

uintptr_t heap_sealed_end;

heap_free_block *heap_free_lists[CLASSES];
#define free_lists heap_free_lists
static large_block *free_large; /* by address, neighbours merged */
static uintptr_t top, end, highest; /* first free byte; end of memory; first byte never used */
static uintptr_t piece, piece_end;   /* what is left of a large block that small ones are cut from */
static free_block *free_kept;
static uintptr_t kept, kept_end;     /* what is left of the last room */

extern unsigned char __heap_base;

static unsigned class_of(size_t size) {
  if (size <= 256) return size ? (unsigned)(size + 7) / 8 - 1 : 0;
  unsigned log = 31 - __builtin_clz((unsigned)size - 1); /* 2^log < size <= 2^(log+1) */
  unsigned step = log - 4;
  return FINE + (log - 8) * PER_DOUBLING + (((unsigned)size - 1 - (1u << log)) >> step);
}

static size_t class_bytes(unsigned class) {
  if (class < FINE) return (class + 1) * 8;
  unsigned log = 8 + (class - FINE) / PER_DOUBLING;
  return (1u << log) + (((class - FINE) % PER_DOUBLING + 1) << (log - 4));
}

/* Moves the top; the bytes from there on are free to use. */
static void *grow(size_t size) {
  if (end == 0) {
    top = highest = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
    end = __builtin_wasm_memory_size(0) * WASM_PAGE;
  }
  if (size > end - top) {
    size_t pages = (size - (end - top) + WASM_PAGE - 1) / WASM_PAGE;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return NULL;
    end += pages * WASM_PAGE;
  }
  void *block = (void *)top;
  top += size;
  if (top > highest) highest = top;
  return block;
}

static void *take_large(size_t size, bool *is_zero) {
  size = (size + 7) & ~(size_t)7;
  large_block **best = NULL;
  for (large_block **at = &free_large; *at; at = &(*at)->next)
    if ((*at)->size >= size && (!best || (*at)->size < (*best)->size)) best = at;
  large_block *block;
  if (best) {
    block = *best;
    *best = block->next;
    size_t left = block->size - size;
    if (left > LARGEST_CLASS) {
      large_block *rest = (large_block *)(block->payload + size);
      rest->size = left - 8;
      rest->next = *best;
      *best = rest;
      block->size = size;
    }
    *is_zero = false;
  } else {
    uintptr_t fresh = highest;
    block = grow(size + 8);
    if (!block) return NULL;
    block->size = size;
    *is_zero = end && (uintptr_t)block >= fresh;
  }
  return block->payload;
}

static void give_large(void *payload) {
  large_block *block = (large_block *)((uint8_t *)payload - 8);
  large_block **at = &free_large, *before = NULL;
  while (*at && *at < block) {
    before = *at;
    at = &(*at)->next;
  }
  block->next = *at;
  *at = block;
  large_block *after = block->next;
  if (after && block->payload + block->size == (uint8_t *)after) {
    block->size += after->size + 8;
    block->next = after->next;
  }
  if (before && before->payload + before->size == (uint8_t *)block) {
    before->size += block->size + 8;
    before->next = block->next;
  }
}

/* Takes a piece of the last large block that is free: its room is used before the memory grows. */
static bool take_piece(size_t bytes) {
  large_block **last = &free_large;
  if (!*last) return false;
  while ((*last)->next) last = &(*last)->next;
  large_block *block = *last;
  piece_end = (uintptr_t)block->payload + block->size;
  if (block->size > 2 * PIECE_BYTES) {
    block->size -= PIECE_BYTES;
    piece = piece_end - PIECE_BYTES;
  } else {
    *last = NULL;
    piece = (uintptr_t)block;
  }
  return piece_end - piece >= bytes;
}

static void *take(size_t size, uint8_t *class, bool *is_zero) {
  if (size > LARGEST_CLASS) {
    *class = LARGE;
    return size > UINT32_MAX / 2 ? NULL : take_large(size, is_zero);
  }
  unsigned n = class_of(size);
  *class = n;
  free_block *block = free_lists[n];
  if (block) {
    free_lists[n] = block->next;
    *is_zero = false;
    return block;
  }
  size_t bytes = class_bytes(n);
  if (bytes <= LARGEST_PIECE && (piece_end - piece >= bytes || take_piece(bytes))) {
    block = (free_block *)piece;
    piece += bytes;
    *is_zero = false;
    return block;
  }
  uintptr_t fresh = highest;
  void *grown = grow(bytes);
  *is_zero = end && (uintptr_t)grown >= fresh;
  return grown;
}

void *heap_take_other(size_t size, uint8_t *class) {
  bool is_zero;
  return take(size, class, &is_zero);
}

void *heap_take_zeroed(size_t size, uint8_t *class) {
  bool is_zero;
  void *block = take(size, class, &is_zero);
  if (block && !is_zero) memset(block, 0, size);
  return block;
}

void *heap_take_kept(size_t size, uint8_t *class) {
  if (size != KEPT_BYTES) return heap_take(size, class);
  *class = KEPT;
  free_block *block = free_kept;
  if (block) {
    free_kept = block->next;
    return block;
  }
  if (kept == kept_end) {
    uintptr_t before = (uintptr_t)grow(0);
    uintptr_t room = (before + HOST_PAGE - 1) & ~(uintptr_t)(HOST_PAGE - 1);
    if (!grow(room - before + KEPT_ROOM)) return NULL;
    kept = room;
    kept_end = room + KEPT_ROOM;
  }
  block = (free_block *)kept;
  kept += KEPT_BYTES;
  return block;
}

size_t heap_bytes_other(const void *block, uint8_t class) {
  if (class < CLASSES) return class_bytes(class);
  return class == KEPT ? KEPT_BYTES : ((const large_block *)((const uint8_t *)block - 8))->size;
}

bool heap_extend(void *payload, uint8_t class, size_t size) {
  if (class != LARGE || heap_is_sealed(payload)) return false;
  large_block *block = (large_block *)((uint8_t *)payload - 8);
  if (block->payload + block->size != (uint8_t *)top) return false;
  size = (size + 7) & ~(size_t)7;
  if (!grow(size - block->size)) return false;
  block->size = size;
  return true;
}

void heap_give_other(void *block, uint8_t class) {
  if (class != KEPT) {
    give_large(block);
    return;
  }
  free_block *freed = block;
  freed->next = free_kept;
  free_kept = freed;
}

/* What `memset` may use of the stack below `heap_seal`; what lies there is in the image. */
#define SEAL_FRAME 64

void heap_seal(void) {
  for (unsigned n = 0; n < CLASSES; n++) {
    while (free_lists[n]) {
      free_block *block = free_lists[n];
      free_lists[n] = block->next;
      memset(block, 0, class_bytes(n));
    }
  }
  while (free_kept) {
    free_block *block = free_kept;
    free_kept = block->next;
    memset(block, 0, KEPT_BYTES);
  }
  memset((void *)kept, 0, kept_end - kept);
  kept = kept_end = 0;
  while (free_large) {
    large_block *block = free_large;
    free_large = block->next;
    memset(block, 0, block->size + 8);
  }
  memset((void *)piece, 0, piece_end - piece);
  piece = piece_end = 0;
  /* The stack's unused part holds what the boot left there. It begins at 0. */
  uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
  if (stack > SEAL_FRAME) memset((void *)(uintptr_t)8, 0, stack - SEAL_FRAME);
  uintptr_t sealed = (top + HOST_PAGE - 1) & ~(uintptr_t)(HOST_PAGE - 1);
  if (end - top < sealed - top + EVENT_RESERVE) {
    uintptr_t before = top;
    if (grow(sealed - top + EVENT_RESERVE)) highest = before;
  }
  top = sealed;
  if (highest < top) highest = top;
  heap_sealed_end = sealed;
}

/*
 * The C library's allocator over the same heap: for our glue and the component
 * model's, which cannot go on without memory. JavaScript's limit lies well
 * below the memory's, so that this does not happen before a JavaScript error.
 */

void *malloc(size_t size) {
  uint8_t class;
  if (size > SIZE_MAX / 2) __builtin_trap();
  uint8_t *block = heap_take(size + 8, &class);
  if (!block) __builtin_trap();
  block[0] = class;
  return block + 8;
}

void *calloc(size_t count, size_t size) {
  uint8_t class;
  if (size && count > SIZE_MAX / 2 / size) __builtin_trap();
  uint8_t *block = heap_take_zeroed(count * size + 8, &class);
  if (!block) __builtin_trap();
  block[0] = class;
  return block + 8;
}

void free(void *p) {
  if (p) heap_give((uint8_t *)p - 8, ((uint8_t *)p)[-8]);
}

void *realloc(void *p, size_t size) {
  if (!p) return malloc(size);
  if (size > SIZE_MAX / 2) __builtin_trap();
  uint8_t *block = (uint8_t *)p - 8;
  size_t have = heap_bytes(block, block[0]) - 8;
  if (size <= have || heap_extend(block, block[0], size + 8)) return p;
  void *moved = malloc(size);
  memcpy(moved, p, have);
  free(p);
  return moved;
}

size_t malloc_usable_size(void *p) {
  return p ? heap_bytes((uint8_t *)p - 8, ((uint8_t *)p)[-8]) - 8 : 0;
}

void *aligned_alloc(size_t alignment, size_t size) {
  if (alignment > 8) __builtin_trap();
  return malloc(size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  if (alignment > 8) return EINVAL;
  *out = malloc(size);
  return 0;
}
