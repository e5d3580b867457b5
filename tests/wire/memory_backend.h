// MemoryBackend: the wire's use cases without models or disk, for tests of the wire alone. A
// "picture" is a JPEG's first three bytes or any text; what follows decides what it shows:
//   "faces:a,b"  two faces of persons a and b (the first is the largest);   "faces:" none;
//   real JPEG or PNG bytes: one face, whose person is the picture's hash; anything else: no format.
#pragma once

#include <map>
#include <mutex>

#include "candid/api/backend.h"

namespace candid::wire {

class MemoryBackend : public api::Backend {
 public:
  Result<std::vector<api::FaceDetail>> Detect(ByteSpan image) override;
  Result<api::Comparison> Compare(ByteSpan source, ByteSpan target, double similarity,
                                  api::QualityFilter filter) override;
  Result<api::CollectionInfo> CreateCollection(
      const std::string& id, const std::vector<std::pair<std::string, std::string>>& tags) override;
  Result<api::CollectionInfo> DescribeCollection(const std::string& id) override;
  Result<api::Page<api::CollectionInfo>> ListCollections(const std::string& from,
                                                         std::size_t limit) override;
  Status DeleteCollection(const std::string& id) override;
  Result<api::IndexResult> Index(const api::IndexRequest& request) override;
  Result<api::Page<api::StoredFace>> ListFaces(const std::string& collection,
                                               const std::vector<std::string>& face_ids,
                                               const std::string& from, std::size_t limit) override;
  Result<std::vector<std::string>> DeleteFaces(const std::string& collection,
                                               const std::vector<std::string>& ids) override;
  Result<api::SearchResult> SearchByFace(const std::string& collection, const std::string& face_id,
                                         double similarity, std::size_t limit) override;
  Result<api::SearchResult> SearchByImage(const std::string& collection, ByteSpan image,
                                          double similarity, std::size_t limit,
                                          api::QualityFilter filter) override;

 private:
  struct Entry {
    std::string person;
    api::StoredFace face;
  };
  struct Collection {
    api::CollectionInfo info;
    std::map<std::string, Entry> faces;  // by id
  };

  Result<Collection*> Find(const std::string& id);
  static std::vector<api::FaceMatch> Matches(const Collection& collection,
                                             const std::string& person, const std::string& except,
                                             double similarity, std::size_t limit);

  std::mutex mutex_;
  std::map<std::string, Collection> collections_;
};

}  // namespace candid::wire
