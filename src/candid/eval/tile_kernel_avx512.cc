#define CANDID_TILE_KERNEL MultiplyAvx512
#include "candid/eval/tile_kernel.inc"
