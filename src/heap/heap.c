/*
 * The heap as a whole: see heap.h.
 */
#include "heap/heap.h"

struct heap heap;
