#define CANDID_TILE_KERNEL MultiplyPlain
#include "candid/eval/tile_kernel.inc"
