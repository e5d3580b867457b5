// UserGallery: the vectors of one collection's users in memory. Private to this folder.
//
// A user's vector is the mean of the unit templates of its faces, made one long again: measured
// best of the ways tried (docs/users.md). Thread-safe; a search sees each user as it was before a
// change or as it is after it.
#pragma once

#include <memory>
#include <shared_mutex>
#include <span>
#include <vector>

#include "candid/collections/user_requests.h"
#include "candid/gallery/flat_index.h"
#include "candid/store/records.h"

namespace candid::collections {

// `faces`: at least one, vectors of one dimension. Figures are the faces' on average.
store::StoredTemplate VectorOf(std::span<const store::UserFace> faces);

class UserGallery {
 public:
  UserGallery(std::size_t dimension, const gallery::FlatOptions& options)
      : index_(gallery::MakeFlatIndex(dimension, options)) {}

  // The user now has these faces; none: it can't be found.
  Status Put(UserNumber user, std::span<const store::UserFace> faces);
  // Keys of the candidates are numbers of users.
  Result<std::vector<gallery::Candidate>> Search(const store::StoredTemplate& probe,
                                                 float threshold, std::size_t limit) const;
  std::size_t size() const { return index_->size(); }
  std::size_t bytes() const { return index_->bytes(); }

 private:
  mutable std::shared_mutex mutex_;
  const std::unique_ptr<gallery::Index> index_;
};

}  // namespace candid::collections
