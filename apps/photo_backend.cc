#include "apps/photo_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "candid/decision/similarity.h"

namespace candid::apps {
namespace {

constexpr int kMinSide = 80;  // pixels, Rekognition's

api::FaceDetail ToDetail(const face::Face& face, const image::Info& info) {
  const auto width = static_cast<float>(info.width);
  const auto height = static_cast<float>(info.height);
  api::FaceDetail detail;
  detail.box = {face.box.left / width, face.box.top / height, face.box.width / width,
                face.box.height / height};
  detail.confidence = face.confidence * 100.0;
  detail.landmarks = face.landmarks;
  for (face::Point& point : detail.landmarks) point = {point.x / width, point.y / height};
  detail.pose = face.pose;
  detail.quality = face.quality;
  return detail;
}

Result<face::Photo> DetectIn(const face::Pipeline& pipeline, ByteSpan image) {
  CANDID_ASSIGN(auto photo, pipeline.Detect(image));
  if (std::min(photo.info().width, photo.info().height) < kMinSide) {
    return Fail(Code::kInvalidArgument,
                fmt::format("the picture is {} x {} pixels; each side must be at least {}",
                            photo.info().width, photo.info().height, kMinSide));
  }
  return photo;
}

tl::unexpected<Error> NoCollections() {
  return Fail(Code::kUnavailable, "this version keeps no collections");
}

}  // namespace

Result<std::vector<api::FaceDetail>> PhotoBackend::Detect(ByteSpan image) {
  CANDID_ASSIGN(const auto photo, DetectIn(pipeline_, image));
  std::vector<api::FaceDetail> details;
  for (const face::Face& face : photo.faces()) details.push_back(ToDetail(face, photo.info()));
  return details;
}

Result<api::Comparison> PhotoBackend::Compare(ByteSpan source, ByteSpan target, double similarity,
                                              api::QualityFilter filter) {
  if (filter != api::QualityFilter::kNone) {
    return Fail(Code::kUnsupported, "CompareFaces knows QualityFilter NONE only in this version");
  }
  CANDID_ASSIGN(const auto from, DetectIn(pipeline_, source));
  CANDID_ASSIGN(const auto to, DetectIn(pipeline_, target));
  if (from.faces().empty()) return Fail(Code::kInvalidArgument, "no face in the source picture");
  if (to.faces().empty()) return Fail(Code::kInvalidArgument, "no face in the target picture");
  const std::size_t largest = 0;
  CANDID_ASSIGN(const auto probe, pipeline_.Embed(from, {&largest, 1}));
  std::vector<std::size_t> all(to.faces().size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  CANDID_ASSIGN(const auto others, pipeline_.Embed(to, all));

  api::Comparison comparison;
  comparison.source = ToDetail(from.faces()[largest], from.info());
  for (std::size_t i = 0; i < others.size(); ++i) {
    const double score =
        std::inner_product(probe[0].begin(), probe[0].end(), others[i].begin(), 0.0);
    const double similar = decision::SimilarityOf(score);
    const api::FaceDetail detail = ToDetail(to.faces()[i], to.info());
    if (similar >= similarity) {
      comparison.matches.emplace_back(similar, detail);
    } else {
      comparison.unmatched.push_back(detail);
    }
  }
  std::stable_sort(comparison.matches.begin(), comparison.matches.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  return comparison;
}

Result<api::CollectionInfo> PhotoBackend::CreateCollection(
    const std::string&, const std::vector<std::pair<std::string, std::string>>&) {
  return NoCollections();
}
Result<api::CollectionInfo> PhotoBackend::DescribeCollection(const std::string&) {
  return NoCollections();
}
Result<api::Page<api::CollectionInfo>> PhotoBackend::ListCollections(const std::string&,
                                                                     std::size_t) {
  return api::Page<api::CollectionInfo>{};
}
Status PhotoBackend::DeleteCollection(const std::string&) { return NoCollections(); }
Result<api::IndexResult> PhotoBackend::Index(const api::IndexRequest&) { return NoCollections(); }
Result<api::Page<api::StoredFace>> PhotoBackend::ListFaces(const std::string&,
                                                           const std::vector<std::string>&,
                                                           const std::string&, std::size_t) {
  return NoCollections();
}
Result<std::vector<std::string>> PhotoBackend::DeleteFaces(const std::string&,
                                                           const std::vector<std::string>&) {
  return NoCollections();
}
Result<api::SearchResult> PhotoBackend::SearchByFace(const std::string&, const std::string&, double,
                                                     std::size_t) {
  return NoCollections();
}
Result<api::SearchResult> PhotoBackend::SearchByImage(const std::string&, ByteSpan, double,
                                                      std::size_t, api::QualityFilter) {
  return NoCollections();
}

}  // namespace candid::apps
