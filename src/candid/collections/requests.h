// What the use cases are asked and what they answer, as plain values. Limits of ids and counts on
// the wire (255 characters, 4096 faces) are checked again here, so that every way in is held to
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "candid/base/bytes.h"
#include "candid/decision/terms.h"
#include "candid/face/face.h"
#include "candid/face/pipeline.h"
#include "candid/store/records.h"

namespace candid::collections {

using store::Collection;
using store::Cursor;
using store::Keep;
using store::ModelIdentity;
using store::Page;
using store::Region;
using store::StoredFace;

inline constexpr std::size_t kMaxPage = 4096;        // items of a page
inline constexpr std::size_t kDefaultPage = 1000;    // where the caller asks for 0
inline constexpr std::size_t kMaxMatches = 4096;     // of a search
inline constexpr std::size_t kDefaultMatches = 100;  // where the caller doesn't say
inline constexpr double kDefaultSimilarity = 80;     // 0 to 100
inline constexpr std::size_t kMaxFaceIds = 4096;     // of one call

// kInvalidArgument names the value and what it may be.
Status CheckCollectionId(const std::string& id);     // 1-255 of [a-zA-Z0-9_.-]
Status CheckExternalImageId(const std::string& id);  // empty, or 1-255 of [a-zA-Z0-9_.:-]
Status CheckMatches(std::size_t count);              // 1 to kMaxMatches
Status CheckSimilarity(double similarity);           // 0 to 100

// Who asks and how, for the audit trail.
struct Caller {
  std::string key_id;                    // access key; empty: the command line
  std::string session = {};              // temporary credentials; empty: the key itself
  std::string address = {};              // whence; empty: not kept
  std::optional<double> threshold = {};  // least similarity asked for
  std::string images = {};               // SHA-256 in hex of each picture, separated by a space
  // Where a call that changes nothing says how many faces it returned; may be null.
  std::uint64_t* returned = nullptr;
};

enum class QualityFilter { kNone, kAuto, kLow, kMedium, kHigh };

// Why a face was left out, in Rekognition's order.
enum class Reason {
  kExceedsMaxFaces,
  kExtremePose,
  kLowBrightness,
  kLowSharpness,
  kLowConfidence,
  kSmallBoundingBox,
  kLowFaceQuality,
  kFaceNotLargest,  // of a picture that is searched with
};
std::string_view NameOf(Reason reason);  // "EXCEEDS_MAX_FACES", ...

// Size of the upright picture in pixels, the frame of the face::Face values beside it.
struct PictureSize {
  int width = 0;
  int height = 0;
};

// Pixels to fractions.
Region FractionsOf(const face::Box& box, const PictureSize& picture);

// Intersection over union, 0 to 1.
float OverlapOf(const Region& a, const Region& b);

struct DetectOutcome {
  PictureSize picture;
  std::vector<face::Face> faces;  // largest box first, at most 100
  face::Timings timings{};
};

struct IndexRequest {
  std::string collection;
  ByteSpan image;                        // JPEG or PNG; borrowed for the call
  std::string external_image_id;         // empty: none
  std::optional<std::size_t> max_faces;  // at least 1; absent: no limit of its own
  QualityFilter filter = QualityFilter::kAuto;
  face::AttributeSet wanted = {};  // said of every face, indexed or not; not stored
};

struct IndexedFace {
  StoredFace stored;
  face::Face detail;
  bool is_new = true;  // false: the same face of the same image was there already
};

struct UnindexedFace {
  face::Face detail;
  std::vector<Reason> reasons;     // at least one
  bool age_not_supported = false;  // the pack cannot tell faces of this age apart
};

struct IndexOutcome {
  PictureSize picture;
  std::vector<IndexedFace> indexed;      // largest box first
  std::vector<UnindexedFace> unindexed;  // largest box first
  std::string model_version;
  face::Timings timings{};
};

struct ListFacesRequest {
  std::string collection;
  Cursor after = 0;
  std::size_t limit = 0;              // 0: kDefaultPage; at most kMaxPage
  std::vector<std::string> face_ids;  // only these; empty: all
  std::string user_id = {};           // only those associated with it; empty: all
};

// Each id once, in the order asked.
struct DeleteFacesOutcome {
  std::vector<std::string> deleted;
  std::vector<std::string> not_found;
  std::vector<StoredFace> associated;  // with a user, and so left alone
};

struct Match {
  double similarity = 0;  // 0 to 100
  float score = 0;        // fair score (decision/fair_score.h)
  StoredFace face;
  // Of strangers of the worst measured group with such a score; none without a calibration.
  std::optional<decision::StatedRate> rate = {};
};

struct SearchByFaceRequest {
  std::string collection;
  std::string face_id;
  std::size_t max_faces = kDefaultMatches;  // 1 to kMaxMatches
  double similarity = kDefaultSimilarity;   // least similarity of a match, 0 to 100
};

struct SearchByImageRequest {
  std::string collection;
  ByteSpan image;  // borrowed for the call
  std::size_t max_faces = kDefaultMatches;
  double similarity = kDefaultSimilarity;
  QualityFilter filter = QualityFilter::kNone;
};

struct SearchOutcome {
  std::vector<Match> matches;  // most similar first
  std::string model_version;
  decision::Terms terms;
  // Nothing was searched for: the pack cannot tell faces of this age apart.
  bool age_not_supported = false;
  // Of SearchByImage: the face that was searched for; empty: the picture shows none.
  PictureSize picture;
  std::optional<face::Face> searched;
  face::Timings timings{};
};

struct CompareRequest {
  ByteSpan source;  // borrowed for the call
  ByteSpan target;  // borrowed for the call
  double similarity = kDefaultSimilarity;
  QualityFilter filter = QualityFilter::kNone;
};

struct ComparedFace {
  double similarity = 0;                          // 0 to 100
  float score = 0;                                // fair score (decision/fair_score.h)
  face::Face face;                                // in the target
  std::optional<decision::StatedRate> rate = {};  // as of Match
  bool age_not_supported = false;                 // never a match
};

struct CompareOutcome {
  PictureSize source;
  face::Face source_face;
  PictureSize target;
  std::vector<ComparedFace> matches;    // most similar first
  std::vector<ComparedFace> unmatched;  // largest box first
  decision::Terms terms;                // the gallery: the target's faces
  bool age_not_supported = false;       // of the source: nothing matches
  face::Timings timings{};
};

struct ReembedRequest {
  std::string collection;
  // What becomes of faces of which nothing usable was kept: delete them, or (false) leave the
  // collection as it is.
  bool drop_lost = false;
};

struct ReembedOutcome {
  bool switched = false;  // the collection now belongs to the pipeline's pack
  std::size_t faces = 0;
  std::size_t remade = 0;
  std::vector<std::string> lost;  // face ids of which no template could be made
};

// What is in memory.
struct Loaded {
  std::size_t collections = 0;
  std::size_t faces = 0;
  std::size_t users = 0;  // that have faces
  std::size_t bytes = 0;
};

struct WarmOutcome {
  std::size_t collections = 0;
  std::size_t faces = 0;
  // Of another pack than the pipeline's: not searchable until `candid reembed`.
  std::vector<std::string> foreign;
  double seconds = 0;
};

}  // namespace candid::collections
