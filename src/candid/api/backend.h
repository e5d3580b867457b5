// Backend: what the wire's operations ask of the rooms below, in values of the domain. One
// implementation joins pipeline, galleries and store; the other, in the tests, lives in memory.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "candid/base/bytes.h"
#include "candid/base/result.h"
#include "candid/face/face.h"

namespace candid::api {

// One face as answers describe it. Boxes and points are fractions of the upright picture.
struct FaceDetail {
  face::Box box;
  double confidence = 0;  // 0 to 100
  std::array<face::Point, face::kLandmarkCount> landmarks;
  face::Pose pose;
  face::Quality quality;
};

struct StoredFace {
  std::string face_id;
  std::string image_id;
  std::string external_image_id;  // empty: none was given
  face::Box box;                  // fractions
  double confidence = 0;          // 0 to 100
  std::string model_version;
};

struct FaceMatch {
  double similarity = 0;  // 0 to 100
  StoredFace face;
};

enum class QualityFilter { kNone, kAuto, kLow, kMedium, kHigh };

struct Comparison {
  FaceDetail source;
  std::vector<std::pair<double, FaceDetail>> matches;  // by similarity, highest first
  std::vector<FaceDetail> unmatched;
};

struct CollectionInfo {
  std::string id;
  std::string model_version;
  std::int64_t face_count = 0;
  std::chrono::system_clock::time_point created;
};

template <typename T>
struct Page {
  std::vector<T> items;
  std::string next;  // where the next page begins, at most 150 bytes; empty on the last page
};

struct IndexRequest {
  std::string collection;
  ByteSpan image;
  std::string external_image_id;
  std::int64_t max_faces = 100;
  QualityFilter filter = QualityFilter::kAuto;
};

struct IndexResult {
  std::vector<std::pair<StoredFace, FaceDetail>> indexed;  // largest box first
  // With the wire's names of the reasons ("EXCEEDS_MAX_FACES").
  std::vector<std::pair<std::vector<std::string>, FaceDetail>> unindexed;
  std::string model_version;
};

struct SearchResult {
  std::optional<FaceDetail> searched;  // of a picture: its largest face, nothing where it has none
  std::vector<FaceMatch> matches;      // highest first, ties in a stable order
  std::string model_version;
};

// Thread-safe. Where several things are wrong, the collection is looked at before the picture.
// Errors of all calls: kNotFound is the collection's and nothing else's; of a picture kMalformed,
// kUnsupported, kTooLarge, and kInvalidArgument for one under 80 pixels a side.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual Result<std::vector<FaceDetail>> Detect(ByteSpan image) = 0;
  // Source: its largest face. kInvalidArgument where source or target shows no face.
  virtual Result<Comparison> Compare(ByteSpan source, ByteSpan target, double similarity,
                                     QualityFilter filter) = 0;

  // kAlreadyExists. Tags are kept with the collection.
  virtual Result<CollectionInfo> CreateCollection(
      const std::string& id, const std::vector<std::pair<std::string, std::string>>& tags) = 0;
  virtual Result<CollectionInfo> DescribeCollection(const std::string& id) = 0;
  virtual Result<Page<CollectionInfo>> ListCollections(const std::string& from,
                                                       std::size_t limit) = 0;
  virtual Status DeleteCollection(const std::string& id) = 0;

  // kExhausted: the collection is full.
  virtual Result<IndexResult> Index(const IndexRequest& request) = 0;
  // With `face_ids` not empty only those.
  virtual Result<Page<StoredFace>> ListFaces(const std::string& collection,
                                             const std::vector<std::string>& face_ids,
                                             const std::string& from, std::size_t limit) = 0;
  // The ids that were there and are no more.
  virtual Result<std::vector<std::string>> DeleteFaces(const std::string& collection,
                                                       const std::vector<std::string>& ids) = 0;

  // The face itself is not among its matches. kInvalidArgument: no such face.
  virtual Result<SearchResult> SearchByFace(const std::string& collection,
                                            const std::string& face_id, double similarity,
                                            std::size_t limit) = 0;
  virtual Result<SearchResult> SearchByImage(const std::string& collection, ByteSpan image,
                                             double similarity, std::size_t limit,
                                             QualityFilter filter) = 0;
};

}  // namespace candid::api
