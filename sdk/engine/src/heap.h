/*
 * The heap of JavaScript and of the engine, in two ages.
 *
 * What exists when an image is made is *sealed*: it is equal in all instances,
 * mapped copy-on-write, and costs a page fault for each of its pages that is
 * written. So an event never frees sealed memory, never counts references to
 * it (sealed-heap.patch), and takes what it needs from one contiguous region
 * behind it.
 */
#ifndef ROOST_HEAP_H
#define ROOST_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Below this address everything is sealed; 0 until `heap_seal`. */
extern uintptr_t heap_sealed_end;

static inline bool heap_is_sealed(const void *p) { return (uintptr_t)p < heap_sealed_end; }

/* What `heap_take` and its kin do most often is here, so that it is compiled into who calls them. */
typedef struct heap_free_block {
  struct heap_free_block *next;
} heap_free_block;

enum { HEAP_FINE = 32, HEAP_CLASSES = HEAP_FINE + 8 * 16 };
extern heap_free_block *heap_free_lists[HEAP_CLASSES];
void *heap_take_other(size_t size, uint8_t *size_class);
void heap_give_other(void *block, uint8_t size_class);
size_t heap_bytes_other(const void *block, uint8_t size_class);

/* At least `size` bytes, 8-aligned, or NULL. The class must be given back with the block. */
static inline void *heap_take(size_t size, uint8_t *size_class) {
  unsigned n = ((unsigned)size + 7) / 8 - 1;
  if (n < HEAP_FINE && heap_free_lists[n]) {
    heap_free_block *block = heap_free_lists[n];
    heap_free_lists[n] = block->next;
    *size_class = n;
    return block;
  }
  return heap_take_other(size, size_class);
}
/* The same, filled with zeros. */
void *heap_take_zeroed(size_t size, uint8_t *size_class);
/*
 * For what one event after the other writes though it is older than all of them:
 * variables that functions assign to. They lie together, so that few pages are written.
 */
void *heap_take_kept(size_t size, uint8_t *size_class);
/* Makes a block larger where it is, if it can be. */
bool heap_extend(void *block, uint8_t size_class, size_t size);
/* Gives a block back. A sealed one stays where it is. */
static inline void heap_give(void *block, uint8_t size_class) {
  if (heap_is_sealed(block)) return;
  if (size_class >= HEAP_CLASSES) {
    heap_give_other(block, size_class);
    return;
  }
  heap_free_block *freed = (heap_free_block *)block;
  freed->next = heap_free_lists[size_class];
  heap_free_lists[size_class] = freed;
}
/* How many bytes a block has. */
static inline size_t heap_bytes(const void *block, uint8_t size_class) {
  return size_class < HEAP_FINE ? (size_class + 1u) * 8 : heap_bytes_other(block, size_class);
}

/* Ends the first age: wipes what is free, and begins the region of events. */
void heap_seal(void);

#endif
