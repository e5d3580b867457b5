#define CANDID_TILE_KERNEL MultiplyAvx2
#include "candid/eval/tile_kernel.inc"
