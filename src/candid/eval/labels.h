// Labels: what subjects.tsv, images.tsv and pairs.tsv say of the pictures of a Dataset.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "candid/eval/dataset.h"

namespace candid::eval {

// A value for each picture by column; empty where nothing is said.
using Labels = std::map<std::string, std::vector<std::string>>;

// Reads `folder`/subjects.tsv and images.tsv, where they are there. `subject_of` names each
// picture's subject.
Result<Labels> ReadLabels(const std::filesystem::path& folder,
                          const std::vector<std::string>& subject_of, Dataset* dataset);

// Reads `folder`/pairs.tsv into dataset->pairs, where it is there.
Status ReadPairs(const std::filesystem::path& folder, Dataset* dataset);

// Keeps the pictures that `only` names and turns columns into groupings.
Status ApplyLabels(const Labels& labels, const DatasetOptions& options, Dataset* dataset);

}  // namespace candid::eval
