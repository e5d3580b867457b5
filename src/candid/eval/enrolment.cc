#include "candid/eval/enrolment.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "candid/base/files.h"
#include "candid/image/decode.h"
#include "candid/image/encode.h"

namespace candid::eval {
namespace {

constexpr std::chrono::milliseconds kTick{200};
constexpr std::uint8_t kGrey = 128;

struct One {
  Digest digest{};
  Sample sample;
  bool from_cache = false;
  face::Timings seconds{};
};

std::size_t NearestTheCentre(const face::Photo& photo) {
  const auto& faces = photo.faces();
  const float x = static_cast<float>(photo.info().width) / 2;
  const float y = static_cast<float>(photo.info().height) / 2;
  const auto distance = [&](const face::Face& face) {
    return std::hypot(face.box.left + face.box.width / 2 - x,
                      face.box.top + face.box.height / 2 - y);
  };
  const auto nearest =
      std::min_element(faces.begin(), faces.end(),
                       [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
  return static_cast<std::size_t>(nearest - faces.begin());
}

struct Framed {
  Bytes file;
  int border = 0;  // pixels
};

// The picture in a grey frame, without loss.
Result<Framed> WithBorder(ByteSpan file, int border_pct) {
  CANDID_ASSIGN(const auto source, image::Source::Open(file));
  CANDID_ASSIGN(const image::Image picture, source.Decode());
  const int border = std::max(picture.width, picture.height) * border_pct / 100;
  image::Image framed{picture.width + 2 * border, picture.height + 2 * border, {}};
  framed.rgb.assign(
      static_cast<std::size_t>(framed.width) * static_cast<std::size_t>(framed.height) * 3, kGrey);
  for (int y = 0; y < picture.height; ++y) {
    std::copy_n(picture.row(y), picture.width * 3, framed.row(y + border) + border * 3);
  }
  CANDID_ASSIGN(Bytes png, image::EncodePng(framed));
  return Framed{std::move(png), border};
}

// To where it lies in the picture without its frame.
void MoveBack(int border, Sample* sample) {
  const auto shift = static_cast<float>(border);
  sample->box.left -= shift;
  sample->box.top -= shift;
  for (face::Point& eye : sample->eyes) eye = {eye.x - shift, eye.y - shift};
}

Sample Describe(const face::Face& face) {
  Sample sample;
  sample.outcome = Outcome::kEnrolled;
  sample.box = face.box;
  sample.eyes = {face.landmarks[face::kEyeLeft], face.landmarks[face::kEyeRight]};
  sample.pose = face.pose;
  sample.quality = face.quality;
  sample.usefulness = face.usefulness;
  return sample;
}

// Failures of ours are errors; what is wrong with the picture is its outcome.
Result<Sample> Look(const face::Pipeline& pipeline, ByteSpan file, int border_pct,
                    face::Timings* seconds) {
  const auto undecodable = [](const Error& error) -> Result<Sample> {
    if (ClassOf(error.code()) != ErrorClass::kCaller) return Fail(error);
    Sample sample;
    sample.outcome = Outcome::kUndecodable;
    return sample;
  };
  Framed framed;
  if (border_pct > 0) {
    auto made = WithBorder(file, border_pct);
    if (!made) return undecodable(made.error());
    framed = std::move(*made);
    file = framed.file;
  }
  const auto photo = pipeline.Detect(file);
  if (!photo) return undecodable(photo.error());
  Sample sample;
  sample.outcome = Outcome::kFaceless;
  if (!photo->faces().empty()) {
    const std::array<std::size_t, 1> which{NearestTheCentre(*photo)};
    sample = Describe(photo->faces()[which[0]]);
    CANDID_ASSIGN(auto templates, pipeline.Embed(*photo, which));
    sample.made = std::move(templates[0]);
    MoveBack(framed.border, &sample);
  }
  sample.faces = static_cast<std::uint32_t>(photo->faces().size());
  *seconds = photo->timings();
  return sample;
}

// One picture by one thread; the cache is shared.
class Enroller {
 public:
  Enroller(const face::Pipeline& pipeline, const EnrolmentOptions& options)
      : pipeline_(pipeline), options_(options) {}

  Result<One> Enrol(const std::filesystem::path& path) {
    One one;
    const auto file = ReadFile(path, image::Limits().max_bytes);
    if (!file) return one;  // kUnreadable
    one.digest = Sha256(*file);
    if (options_.cache != nullptr) {
      const std::lock_guard guard(mutex_);
      if (const Sample* known = options_.cache->Find(one.digest)) {
        one.sample = *known;
        one.from_cache = true;
        return one;
      }
    }
    CANDID_ASSIGN(one.sample, Look(pipeline_, *file, options_.border_pct, &one.seconds));
    if (options_.cache != nullptr) {
      const std::lock_guard guard(mutex_);
      options_.cache->Add(one.digest, one.sample);
    }
    return one;
  }

 private:
  const face::Pipeline& pipeline_;
  const EnrolmentOptions& options_;
  std::mutex mutex_;
};

void Take(One one, std::size_t index, Enrolment* all) {
  for (std::size_t i = 0; i < one.seconds.size(); ++i) all->seconds[i] += one.seconds[i];
  const Outcome outcome = one.sample.outcome;
  all->unreadable += outcome == Outcome::kUnreadable ? 1 : 0;
  all->undecodable += outcome == Outcome::kUndecodable ? 1 : 0;
  all->faceless += outcome == Outcome::kFaceless ? 1 : 0;
  all->bystanders += one.sample.faces > 1 ? 1 : 0;
  all->from_cache += one.from_cache ? 1 : 0;
  all->failed[index] = outcome == Outcome::kEnrolled ? 0 : 1;
  all->digests[index] = one.digest;
  std::vector<float>& values = one.sample.made.values;
  std::copy(values.begin(), values.end(),
            all->values.begin() + static_cast<std::ptrdiff_t>(index * all->dimension));
  values.clear();
  all->figures[index] = one.sample.made.figures;
  all->samples[index] = std::move(one.sample);
}

}  // namespace

Result<Enrolment> EnrolAll(const face::Pipeline& pipeline, const Dataset& dataset,
                           const EnrolmentOptions& options, const EnrolmentTick& tick) {
  Enrolment all;
  const std::size_t count = dataset.images.size();
  all.dimension = pipeline.dimension();
  all.values.resize(count * all.dimension);
  all.figures.resize(count);
  all.failed.resize(count);
  all.samples.resize(count);
  all.digests.resize(count);
  for (const LabelledImage& image : dataset.images) all.subjects.push_back(image.subject);
  Enroller enroller(pipeline, options);
  std::optional<Error> broken;
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;  // of all, broken, done and working
  std::condition_variable changed;
  std::size_t done = 0;
  std::size_t working = std::clamp<std::size_t>(options.jobs, 1, std::max<std::size_t>(count, 1));
  const auto work = [&] {
    while (!stop) {
      const std::size_t index = next++;
      if (index >= count) break;
      auto one = enroller.Enrol(dataset.images[index].path);
      const std::lock_guard guard(mutex);
      if (one) {
        Take(std::move(*one), index, &all);
        ++done;
      } else {
        if (!broken) broken = one.error();
        stop = true;
      }
    }
    const std::lock_guard guard(mutex);
    --working;
    changed.notify_one();
  };
  std::vector<std::thread> threads;
  for (std::size_t i = working; i > 0; --i) threads.emplace_back(work);
  {
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, kTick, [&] { return working == 0; })) {
      const std::size_t so_far = done;
      lock.unlock();
      if (!tick(so_far)) stop = true;
      lock.lock();
    }
  }
  for (std::thread& thread : threads) thread.join();
  if (broken) return Fail(*broken);
  if (done < count) return Fail(Code::kCancelled, "stopped before every picture was seen");
  return all;
}

}  // namespace candid::eval
