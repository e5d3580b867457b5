#include "candid/face/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "candid/base/check.h"
#include "candid/face/align.h"
#include "candid/face/assess.h"
#include "candid/face/attribute_network.h"
#include "candid/face/detect.h"
#include "candid/face/embed.h"
#include "candid/face/expression.h"
#include "candid/face/landmarks.h"

namespace candid::face {
namespace {

// Of the mesh network: below it the crop shows no face.
constexpr float kPresence = 0.5f;
// Two meshes of which one lies in the other by more than this are one face that was detected twice:
// often a weak detection half as large again as the face. The better detection comes first.
constexpr float kSameFace = 0.6f;
// The mesh of a face of 20 pixels measures it to a fifth.
constexpr float kBoxNoise = 1.25f;
constexpr double kRegionMargin = 4;  // pixels around what a chip covers, for interpolation

class Stopwatch {
 public:
  explicit Stopwatch(Timings* timings) : timings_(timings) {}
  void Lap(Stage stage) {
    const auto now = std::chrono::steady_clock::now();
    (*timings_)[static_cast<std::size_t>(stage)] +=
        std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  Timings* timings_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// Everything that one thread needs to run a picture.
struct Worker {
  Network detector;
  Network landmarks;
  TemplateMaker maker;
  std::optional<AttributeNetwork> attributes;
};

struct LoadedPart {
  models::Part part;
  std::shared_ptr<const infer::Model> model;
  std::vector<float> matrix;
};

Result<LoadedPart> LoadPart(const models::Part& part) {
  LoadedPart loaded{part, nullptr, {}};
  CANDID_ASSIGN(const Bytes onnx, models::ReadPartFile(part));
  CANDID_ASSIGN(loaded.model, infer::Model::Load(onnx, part.file.string()));
  if (!part.matrix.empty()) {
    CANDID_ASSIGN(loaded.matrix, models::ReadPartMatrix(part));
  }
  return loaded;
}

Worker MakeWorker(const LoadedPart& detector, const LoadedPart& landmarks,
                  const std::vector<LoadedPart>& embedders,
                  const std::shared_ptr<const infer::Model>& score,
                  const std::shared_ptr<const infer::Model>& attributes,
                  infer::Precision precision) {
  // The networks run in turn and at many sizes: one memory for all.
  const auto arena = std::make_shared<infer::Arena>();
  const auto network = [&](const LoadedPart& loaded) {
    return Network(loaded.model, loaded.part, precision, arena);
  };
  Worker worker{network(detector), network(landmarks), {}, {}};
  for (const LoadedPart& embedder : embedders) {
    worker.maker.embedders.push_back({network(embedder), embedder.matrix});
  }
  if (score != nullptr) worker.maker.score.emplace(score);
  if (attributes != nullptr) worker.attributes.emplace(attributes);
  return worker;
}

// The largest power of two, at most 8, by which a picture may shrink and still have the pixels that
// the detector's largest look wants.
int DivisorFor(const image::Info& info, const DetectPlan& plan) {
  const int wanted = std::max({plan.second_width, plan.second_height, 512});
  int divisor = 1;
  while (divisor < 8 && std::max(info.width, info.height) / (divisor * 2) >= wanted) divisor *= 2;
  return divisor;
}

bool FewerPixelsThanChip(const image::Affine& chip_to_picture) {
  return std::hypot(chip_to_picture.a, chip_to_picture.d) < 1;
}

void Scale(Face* face, float factor) {
  face->box.left *= factor;
  face->box.top *= factor;
  face->box.width *= factor;
  face->box.height *= factor;
  for (Point& point : face->landmarks) point.x *= factor, point.y *= factor;
  for (Point& point : face->all_landmarks) point.x *= factor, point.y *= factor;
}

}  // namespace

std::string_view NameOf(Stage stage) {
  switch (stage) {
    case Stage::kDecode:
      return "decode";
    case Stage::kDetect:
      return "detect";
    case Stage::kAlign:
      return "align";
    case Stage::kAssess:
      return "assess";
    case Stage::kEmbed:
      return "embed";
  }
  return "";
}

struct Photo::State {
  explicit State(const image::Source& opened) : source(opened) {}

  image::Source source;
  int divisor = 1;
  image::Image picture;  // reduced by divisor
  std::vector<Face> faces;
  std::vector<image::Image> chips;  // aligned, one a face
  std::vector<Sights> sights;       // what it took to describe them, one a face
  Timings timings{};
};

const image::Info& Photo::info() const { return state_->source.info(); }
const std::vector<Face>& Photo::faces() const { return state_->faces; }
const Timings& Photo::timings() const { return state_->timings; }

struct Pipeline::State {
  PipelineOptions options;
  std::string model_hash;
  std::string version;
  std::size_t dimension = 0;
  LoadedPart detector;
  LoadedPart landmarks;
  std::vector<LoadedPart> embedders;
  std::shared_ptr<const infer::Model> score;       // null: the pack has none
  std::shared_ptr<const infer::Model> attributes;  // likewise

  std::mutex mutex;
  std::vector<std::unique_ptr<Worker>> idle;

  std::unique_ptr<Worker> Take() {
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        std::unique_ptr<Worker> worker = std::move(idle.back());
        idle.pop_back();
        return worker;
      }
    }
    return std::make_unique<Worker>(
        MakeWorker(detector, landmarks, embedders, score, attributes, options.precision));
  }

  void Return(std::unique_ptr<Worker> worker) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(worker));
  }
};

namespace {

// A worker lent for one call.
template <typename State>
class Loan {
 public:
  explicit Loan(State& state) : state_(state), worker_(state.Take()) {}
  ~Loan() { state_.Return(std::move(worker_)); }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  Worker* operator->() { return worker_.get(); }

 private:
  State& state_;
  std::unique_ptr<Worker> worker_;
};

struct FoundFace {
  Face face;  // pixels of the reduced picture
  Mesh mesh;
};

Result<std::vector<FoundFace>> FindFaces(Worker& worker, const image::Image& picture,
                                         const std::vector<Detection>& detections,
                                         std::size_t max_faces) {
  std::vector<FoundFace> found;
  // The mesh costs time, so that only so many candidates get one; twice the limit leaves room for
  // those that turn out to be none.
  std::vector<Detection> candidates = detections;
  if (candidates.size() > 2 * max_faces) {
    std::stable_sort(
        candidates.begin(), candidates.end(),
        [](const Detection& a, const Detection& b) { return a.box.area() > b.box.area(); });
    candidates.resize(2 * max_faces);
  }
  for (const Detection& detection : candidates) {
    CANDID_ASSIGN(Mesh mesh, FindLandmarks(worker.landmarks, picture, detection));
    if (!(mesh.presence > kPresence)) continue;
    Face face;
    face.box = BoxOf(mesh.points);
    const bool known = std::any_of(found.begin(), found.end(), [&](const FoundFace& other) {
      return OverlapOfSmaller(other.face.box, face.box) > kSameFace;
    });
    if (known) continue;
    face.confidence = std::min(detection.score, mesh.presence);
    face.landmarks = LandmarksOf(mesh.points);
    face.pose = PoseOf(mesh.points);
    found.push_back({face, std::move(mesh)});
  }
  std::stable_sort(found.begin(), found.end(), [](const FoundFace& a, const FoundFace& b) {
    return a.face.box.area() > b.face.box.area();
  });
  if (found.size() > max_faces) found.resize(max_faces);
  return found;
}

// What `width` x `height` pixels seen through `to_picture` cover of the full-size picture.
image::Rect Cover(const image::Affine& to_picture, int width, int height, const image::Info& info) {
  double low_x = 1e30, high_x = -1e30, low_y = 1e30, high_y = -1e30;
  for (const double x : {0.0, double(width)}) {
    for (const double y : {0.0, double(height)}) {
      const double u = to_picture.a * x + to_picture.b * y + to_picture.c;
      const double v = to_picture.d * x + to_picture.e * y + to_picture.f;
      low_x = std::min(low_x, u), high_x = std::max(high_x, u);
      low_y = std::min(low_y, v), high_y = std::max(high_y, v);
    }
  }
  const int left = static_cast<int>(std::clamp(low_x - kRegionMargin, 0.0, info.width - 1.0));
  const int top = static_cast<int>(std::clamp(low_y - kRegionMargin, 0.0, info.height - 1.0));
  const int right = static_cast<int>(
      std::clamp(high_x + kRegionMargin, left + 1.0, static_cast<double>(info.width)));
  const int bottom = static_cast<int>(
      std::clamp(high_y + kRegionMargin, top + 1.0, static_cast<double>(info.height)));
  return {left, top, right - left, bottom - top};
}

// The aligned chip of a face given in pixels of the reduced picture; from the full-size one where
// that has detail to add.
Result<image::Image> ChipOf(const image::Source& source, const image::Image& picture, int divisor,
                            const Face& face) {
  image::Affine to_picture = ChipToPicture(face.landmarks);
  if (divisor == 1 || !FewerPixelsThanChip(to_picture)) {
    return image::Warp(picture, to_picture, kChipSize, kChipSize);
  }
  const double d = divisor;
  to_picture = image::Compose({d, 0, 0, 0, d, 0}, to_picture);
  const image::Rect region = Cover(to_picture, kChipSize, kChipSize, source.info());
  CANDID_ASSIGN(const image::Image detail, source.DecodeRegion(region));
  to_picture.c -= region.x;
  to_picture.f -= region.y;
  return image::Warp(detail, to_picture, kChipSize, kChipSize);
}

// What is asked for beyond the chip's quality; the face in pixels of the reduced picture.
Status Describe(Worker& worker, const Chips& chips, const std::vector<MeshPoint>& mesh,
                const AttributeSet& wanted, Sights* sights, Face* face) {
  if (wanted.landmarks) face->all_landmarks = AllLandmarksOf(mesh);
  if (worker.attributes && (wanted.traits.any() || wanted.emotions)) {
    CANDID_ASSIGN(const Sight* sight, See(worker.maker, 0, chips, sights));
    CANDID_TRY(
        worker.attributes->Describe(ExpressionOf(mesh), sight->vector, wanted, &face->attributes));
  }
  if (!wanted.age_range) return {};
  for (std::size_t i = 0; i < worker.maker.embedders.size(); ++i) {
    if (!worker.maker.embedders[i].network.part().age_output) continue;
    CANDID_ASSIGN(const Sight* sight, See(worker.maker, i, chips, sights));
    CANDID_ASSIGN(const float age, AgeOf(sight->ages));
    face->attributes.age_range = AgeRangeOf(age);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Pipeline>> Pipeline::Create(const models::Pack& pack,
                                                   const PipelineOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->model_hash = pack.Hash();
  state->version = pack.version;
  state->dimension = static_cast<std::size_t>(pack.dimension());
  CANDID_ASSIGN(state->detector, LoadPart(pack.detector()));
  CANDID_ASSIGN(state->landmarks, LoadPart(pack.landmarks()));
  for (const models::Part* part : pack.embedders()) {
    CANDID_ASSIGN(LoadedPart embedder, LoadPart(*part));
    state->embedders.push_back(std::move(embedder));
  }
  if (const models::Part* part = pack.score()) {
    CANDID_ASSIGN(const LoadedPart loaded, LoadPart(*part));
    state->score = loaded.model;
  }
  if (const models::Part* part = pack.attributes()) {
    CANDID_ASSIGN(const LoadedPart loaded, LoadPart(*part));
    state->attributes = loaded.model;
  }
  // A face that is none, run once through everything: a model whose sizes don't fit is refused
  // now and not at the first request.
  Worker worker = MakeWorker(state->detector, state->landmarks, state->embedders, state->score,
                             state->attributes, options.precision);
  image::Image grey{kChipSize, kChipSize, Bytes(std::size_t{3} * kChipSize * kChipSize, 128)};
  Detection middle;
  middle.box = {16, 16, 80, 80};
  middle.eye_left = {40, 50};
  middle.eye_right = {72, 50};
  const auto run = [&]() -> Result<Template> {
    CANDID_TRY(face::Detect(worker.detector, grey, {}));
    const Chips chips{grey, &grey, {16, 16, 80, 80}};
    Face face;
    Sights sights;
    CANDID_ASSIGN(const Mesh mesh, FindLandmarks(worker.landmarks, grey, middle));
    CANDID_TRY(Describe(worker, chips, mesh.points, AttributeSet::All(), &sights, &face));
    return face::Embed(worker.maker, chips, std::move(sights));
  };
  const Result<Template> probe = run();
  if (!probe) return Fail(probe.error().WithContext("pack " + pack.name));
  if (probe->values.size() != state->dimension) {
    return Fail(Code::kMalformed,
                fmt::format("pack {}: its embedders give {} figures where the manifest says {}",
                            pack.name, probe->values.size(), state->dimension));
  }
  return std::unique_ptr<Pipeline>(new Pipeline(std::move(state)));
}

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipeline::~Pipeline() = default;

std::size_t Pipeline::dimension() const { return state_->dimension; }
const std::string& Pipeline::model_hash() const { return state_->model_hash; }
const std::string& Pipeline::version() const { return state_->version; }

Result<Photo> Pipeline::Detect(ByteSpan file, const AttributeSet& wanted) const {
  CANDID_ASSIGN(const image::Source source, image::Source::Open(file, state_->options.limits));
  auto photo = std::make_shared<Photo::State>(source);
  Stopwatch watch(&photo->timings);
  const image::Info& info = photo->source.info();
  const DetectPlan plan = PlanDetection(info.width, info.height, state_->options.min_face_px);
  photo->divisor = DivisorFor(info, plan);
  CANDID_ASSIGN(photo->picture, photo->source.Decode(photo->divisor));
  watch.Lap(Stage::kDecode);

  Loan<State> worker(*state_);
  CANDID_ASSIGN(const std::vector<Detection> detections,
                face::Detect(worker->detector, photo->picture, plan));
  watch.Lap(Stage::kDetect);

  CANDID_ASSIGN(std::vector<FoundFace> found, FindFaces(*worker.operator->(), photo->picture,
                                                        detections, state_->options.max_faces));
  watch.Lap(Stage::kAlign);

  for (FoundFace& one : found) {
    const float side = std::max(one.face.box.width, one.face.box.height) * kBoxNoise;
    if (side * static_cast<float>(photo->divisor) < state_->options.min_face_px) continue;
    CANDID_ASSIGN(image::Image chip,
                  ChipOf(photo->source, photo->picture, photo->divisor, one.face));
    one.face.quality = QualityOf(chip);
    Sights sights;
    CANDID_TRY(Describe(*worker.operator->(), {chip, &photo->picture, one.face.box},
                        one.mesh.points, wanted, &sights, &one.face));
    Scale(&one.face, static_cast<float>(photo->divisor));
    one.face.usefulness = static_cast<float>(UsefulnessOf(FaultsOf(one.face)));
    photo->faces.push_back(one.face);
    photo->chips.push_back(std::move(chip));
    photo->sights.push_back(std::move(sights));
  }
  watch.Lap(Stage::kAssess);
  return Photo(std::move(photo));
}

Result<std::vector<Template>> Pipeline::Embed(const Photo& photo,
                                              std::span<const std::size_t> which) const {
  Photo::State& state = photo.state();
  Stopwatch watch(&state.timings);
  Loan<State> worker(*state_);
  std::vector<Template> templates;
  for (const std::size_t index : which) {
    CANDID_CHECK(index < state.faces.size());
    Face reduced = state.faces[index];
    Scale(&reduced, 1 / static_cast<float>(state.divisor));
    CANDID_ASSIGN(Template made,
                  face::Embed(worker->maker, {state.chips[index], &state.picture, reduced.box},
                              state.sights[index]));
    templates.push_back(std::move(made));
  }
  watch.Lap(Stage::kEmbed);
  return templates;
}

}  // namespace candid::face
