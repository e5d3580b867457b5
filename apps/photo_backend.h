// PhotoBackend: the wire's operations that need a pipeline and no memory: DetectFaces and
// CompareFaces. Everything about collections is refused as kUnavailable, by name.
#pragma once

#include "candid/api/backend.h"
#include "candid/face/pipeline.h"

namespace candid::apps {

class PhotoBackend : public api::Backend {
 public:
  explicit PhotoBackend(const face::Pipeline& pipeline) : pipeline_(pipeline) {}

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
  const face::Pipeline& pipeline_;
};

}  // namespace candid::apps
