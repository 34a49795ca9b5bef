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

/* At least `size` bytes, 8-aligned, or NULL. The class must be given back with the block. */
void *heap_take(size_t size, uint8_t *size_class);
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
void heap_give(void *block, uint8_t size_class);
/* How many bytes a block has. */
size_t heap_bytes(const void *block, uint8_t size_class);

/* Ends the first age: wipes what is free, and begins the region of events. */
void heap_seal(void);

#endif
