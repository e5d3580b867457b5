#define CANDID_SCAN kPlainScan
#include "candid/gallery/scan.inc"
