// Selection: which faces of a picture are worth a template, and why the others are not.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "candid/collections/requests.h"

namespace candid::collections {

struct Refused {
  std::size_t face = 0;  // index into the faces given
  std::vector<Reason> reasons;
};

struct Selection {
  std::vector<std::size_t> chosen;  // indexes into the faces given, in their order
  std::vector<Refused> refused;     // in their order
};

// Faces below the filter's usefulness are refused with every cause that can be named; of the rest
// more than `max_faces` the least useful go first, then the smallest.
Selection Select(std::span<const face::Face> faces, QualityFilter filter,
                 std::optional<std::size_t> max_faces);

}  // namespace candid::collections
