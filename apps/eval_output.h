// What `candid eval` leaves: text or JSON on standard output, and a folder of files.
#pragma once

#include <filesystem>

#include "candid/eval/report.h"

namespace candid::apps {

// Tables for people, or the JSON document.
void PrintReport(const eval::Document& report, bool json);

// report.html, report.json, a CSV file for each table, and NIST's logs (enrol.log, match.log,
// candidates.log). The folder is made where missing, files in it are replaced. kIo names the file.
Status WriteReport(const std::filesystem::path& folder, const eval::Document& report,
                   const eval::Dataset& dataset, const eval::Enrolment& enrolment,
                   const eval::Evaluation& evaluation);

// faces.html into the folder, for the owner alone, and says so on standard error.
Status WriteFaces(const std::filesystem::path& folder, const eval::Dataset& dataset,
                  const eval::Enrolment& enrolment, const eval::Evaluation& evaluation);

}  // namespace candid::apps
