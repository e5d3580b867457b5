#include "candid/eval/enrolment.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "candid/base/files.h"

namespace candid::eval {
namespace {

constexpr std::chrono::milliseconds kTick{200};

struct One {
  face::Template values;  // empty: failed
  bool decoded = false;
  std::size_t faces = 0;
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

Result<One> EnrolOne(const face::Pipeline& pipeline, const std::filesystem::path& path) {
  CANDID_ASSIGN(const Bytes file, ReadFile(path, image::Limits().max_bytes));
  const auto photo = pipeline.Detect(file);
  One one;
  if (!photo) {
    if (ClassOf(photo.error().code()) != ErrorClass::kCaller) return Fail(photo.error());
    return one;
  }
  one.decoded = true;
  one.faces = photo->faces().size();
  if (one.faces > 0) {
    const std::array<std::size_t, 1> which{NearestTheCentre(*photo)};
    CANDID_ASSIGN(auto templates, pipeline.Embed(*photo, which));
    one.values = std::move(templates[0]);
  }
  one.seconds = photo->timings();
  return one;
}

void Take(const One& one, std::size_t index, Enrolment* all) {
  for (std::size_t i = 0; i < one.seconds.size(); ++i) all->seconds[i] += one.seconds[i];
  all->undecodable += one.decoded ? 0 : 1;
  all->faceless += one.decoded && one.faces == 0 ? 1 : 0;
  all->bystanders += one.faces > 1 ? 1 : 0;
  all->failed[index] = one.values.empty() ? 1 : 0;
  std::copy(one.values.begin(), one.values.end(),
            all->values.begin() + static_cast<std::ptrdiff_t>(index * all->dimension));
}

}  // namespace

Result<Enrolment> EnrolAll(const face::Pipeline& pipeline, const Dataset& dataset, std::size_t jobs,
                           const EnrolmentTick& tick) {
  Enrolment all;
  const std::size_t count = dataset.images.size();
  all.dimension = pipeline.dimension();
  all.values.resize(count * all.dimension);
  all.failed.resize(count);
  for (const LabelledImage& image : dataset.images) all.subjects.push_back(image.subject);
  std::optional<Error> broken;
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;  // of all, broken, done and working
  std::condition_variable changed;
  std::size_t done = 0;
  std::size_t working = std::clamp<std::size_t>(jobs, 1, std::max<std::size_t>(count, 1));
  const auto work = [&] {
    while (!stop) {
      const std::size_t index = next++;
      if (index >= count) break;
      const auto one = EnrolOne(pipeline, dataset.images[index].path);
      const std::lock_guard guard(mutex);
      if (one) {
        Take(*one, index, &all);
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
