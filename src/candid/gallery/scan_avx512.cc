#define CANDID_SCAN kAvx512Scan
#include "candid/gallery/scan.inc"
