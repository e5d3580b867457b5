// Similarity: Rekognition's 0-100 scale over our scores (cosines), each value standing for a
// false-match rate.
//
// Provisional until the pack carries a calibration table of its own: the curve below is fixed by
// the false-match rates that models.md section 9 measured on lfw-dev with the default embedder,
// and is used for every pack.
#pragma once

namespace candid::decision {

// Monotone, 0 to 100. A score of 0.455 (FMR 1e-3) is 80; 0.660 (FMR 1e-6) is 99.
double SimilarityOf(double score);

// The least score whose similarity is at least `similarity` (0 to 100); -1 for 0.
double ScoreOf(double similarity);

}  // namespace candid::decision
