// The report's sections on data, 1:1, 1:N and suspected labels; groups are in report_groups.h.
#pragma once

#include "candid/eval/document.h"
#include "candid/eval/evaluation.h"

namespace candid::eval {

Section DataSection(const Dataset& dataset, const Enrolment& enrolment);
Section VerificationSection(const Evaluation& evaluation);  // wants evaluation.verification
Section SearchSection(const Evaluation& evaluation);        // wants evaluation.identification
Section SuspectSection(const Dataset& dataset, const Evaluation& evaluation);

}  // namespace candid::eval
