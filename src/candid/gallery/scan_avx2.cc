#define CANDID_SCAN kAvx2Scan
#include "candid/gallery/scan.inc"
