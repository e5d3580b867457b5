// Report: an Evaluation as a Document, in words that an operator, an auditor and an engineer can
// each use.
#pragma once

#include <string>

#include "candid/eval/document.h"
#include "candid/eval/evaluation.h"

namespace candid::eval {

// What was run, where and on what.
struct Provenance {
  std::string command;  // as it can be typed again
  std::string date;     // of the run, a day
  std::string model;    // pack and hash
  std::string precision;
  std::string cpu;
  std::string data_hash;       // of names, labels and contents
  std::string threshold_name;  // of the threshold in use, as operators know it
  std::string fillers = {};    // the hash of theirs; empty: none
};

struct LiveUse {
  double watchlist = 1000;   // people on it
  double prevalence = 1e-3;  // share of passers-by who are on it
};

Document MakeReport(const Dataset& dataset, const Enrolment& enrolment,
                    const Evaluation& evaluation, const Provenance& provenance,
                    const LiveUse& live);

// SHA-256 over every image's name, subject, groups and contents, and over the listed pairs.
std::string DataHash(const Dataset& dataset, const Enrolment& enrolment);

}  // namespace candid::eval
