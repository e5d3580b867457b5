// NistLogs: the scores in the log formats of NIST's validation drivers (nist.md 1.6), so that one
// parser serves both.
#pragma once

#include <string>

#include "candid/eval/dataset.h"
#include "candid/eval/enrolment.h"
#include "candid/eval/evaluation.h"

namespace candid::eval {

// id image templateSizeBytes returnCode isLeftEyeAssigned isRightEyeAssigned xleft yleft xright
// yright; a row per image. "Left" is the subject's left, as NIST has it. Blanks in names become
// '_'.
std::string EnrolmentLog(const Dataset& dataset, const Enrolment& enrolment);

// enrollTempl verifTempl simScore returnCode; all mated pairs and the best impostor pairs down to
// the kept tail, at most kLoggedPairs of each. simScore is 1 + cosine, as NIST wants no score below
// 0; -1 with return code 7 (VerifTemplateError) where a picture failed.
std::string MatchLog(const Evaluation& evaluation);
inline constexpr std::size_t kLoggedPairs = 1'000'000;

// searchId candidateRank searchRetCode isAssigned templateId score; twenty rows for each search.
// Wants evaluation.searches.
std::string CandidateLog(const Enrolment& enrolment, const Evaluation& evaluation);

}  // namespace candid::eval
