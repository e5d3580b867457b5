#include "candid/eval/template_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "candid/base/files.h"

namespace candid::eval {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 31;
constexpr std::size_t kChecksumBytes = 8;
constexpr float kNoAge = -1;
// Changes when the layout below does, or what a Sample means.
constexpr const char* kMagic = "candid eval cache 2";

// Digest, outcome, faces, sixteen figures, template, checksum of all before it.
constexpr std::size_t kFigures = 16;
std::size_t RecordBytes(std::size_t dimension) {
  return sizeof(Digest) + 8 + (kFigures + dimension) * sizeof(float) + kChecksumBytes;
}

template <typename T>
void Put(const T& value, Bytes* out) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
  out->insert(out->end(), bytes, bytes + sizeof(T));
}

template <typename T>
T Get(const std::uint8_t** at) {
  T value;
  std::memcpy(&value, *at, sizeof(T));
  *at += sizeof(T);
  return value;
}

std::array<float*, kFigures> FiguresOf(Sample* s, float* age) {
  return {&s->box.left,
          &s->box.top,
          &s->box.width,
          &s->box.height,
          &s->eyes[0].x,
          &s->eyes[0].y,
          &s->eyes[1].x,
          &s->eyes[1].y,
          &s->pose.yaw,
          &s->pose.pitch,
          &s->quality.brightness,
          &s->quality.sharpness,
          &s->usefulness,
          &s->made.figures.mean,
          &s->made.figures.deviation,
          age};
}

Bytes ToRecord(const Digest& picture, Sample sample, std::size_t dimension) {
  Bytes record(picture.begin(), picture.end());
  Put(static_cast<std::uint32_t>(sample.outcome), &record);
  Put(sample.faces, &record);
  float age = sample.made.age.value_or(kNoAge);
  for (const float* figure : FiguresOf(&sample, &age)) Put(*figure, &record);
  sample.made.values.resize(dimension);
  for (const float value : sample.made.values) Put(value, &record);
  const Digest sum = Sha256(record);
  record.insert(record.end(), sum.begin(), sum.begin() + kChecksumBytes);
  return record;
}

// False: damaged.
bool FromRecord(ByteSpan record, std::size_t dimension, Digest* picture, Sample* sample) {
  const ByteSpan body = record.first(record.size() - kChecksumBytes);
  if (std::memcmp(Sha256(body).data(), body.data() + body.size(), kChecksumBytes) != 0)
    return false;
  std::memcpy(picture->data(), body.data(), picture->size());
  const std::uint8_t* at = body.data() + picture->size();
  sample->outcome = static_cast<Outcome>(Get<std::uint32_t>(&at));
  sample->faces = Get<std::uint32_t>(&at);
  float age = kNoAge;
  for (float* figure : FiguresOf(sample, &age)) *figure = Get<float>(&at);
  if (age != kNoAge) sample->made.age = age;
  if (sample->outcome != Outcome::kEnrolled) return true;
  sample->made.values.resize(dimension);
  for (float& value : sample->made.values) value = Get<float>(&at);
  return true;
}

bool WriteAll(int file, ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

Status Io(const fs::path& path, const char* what) {
  return Fail(Code::kIo, fmt::format("cannot {} {}: {}", what, path.string(),
                                     std::generic_category().message(errno)));
}

}  // namespace

std::string CacheKey::Text() const {
  return fmt::format("{}-{}-{}-{}", model_hash, precision, dimension, border_pct);
}

std::size_t TemplateCache::HashOfDigest::operator()(const Digest& digest) const {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof(hash));
  return hash;
}

Result<std::unique_ptr<TemplateCache>> TemplateCache::Open(const fs::path& folder,
                                                           const CacheKey& key) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Fail(Code::kIo,
                fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
  }
  std::unique_ptr<TemplateCache> cache(
      new TemplateCache(key.dimension, fmt::format("{}\n{}\n", kMagic, key.Text())));
  const fs::path path = folder / (Sha256Hex(AsBytes(key.Text())).substr(0, 16) + ".templates");
  cache->file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (cache->file_ < 0) return tl::unexpected(Io(path, "open").error());
  const bool ours = ::flock(cache->file_, LOCK_EX | LOCK_NB) == 0;
  CANDID_TRY(cache->Read(path));
  if (ours) {
    CANDID_TRY(cache->Prepare(path));
  } else {
    cache->Close();
  }
  return cache;
}

TemplateCache::~TemplateCache() { Close(); }

void TemplateCache::Close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

Status TemplateCache::Read(const fs::path& path) {
  CANDID_ASSIGN(const Bytes bytes, ReadFile(path, kMaxBytes));
  if (!AsText(bytes).starts_with(header_)) return {};  // new, or not ours: Prepare begins anew
  good_bytes_ = header_.size();
  const std::size_t size = RecordBytes(dimension_);
  for (; good_bytes_ + size <= bytes.size(); good_bytes_ += size) {
    Digest picture;
    Sample sample;
    const ByteSpan record = ByteSpan(bytes).subspan(good_bytes_, size);
    if (FromRecord(record, dimension_, &picture, &sample)) samples_[picture] = std::move(sample);
  }
  return {};
}

Status TemplateCache::Prepare(const fs::path& path) {
  // Cuts off a record that a stop left half written.
  if (::ftruncate(file_, static_cast<off_t>(good_bytes_)) != 0) return Io(path, "cut");
  if (::lseek(file_, 0, SEEK_END) < 0) return Io(path, "seek in");
  if (good_bytes_ > 0) return {};
  if (WriteAll(file_, AsBytes(header_))) {
    good_bytes_ = header_.size();
  } else {
    Close();
  }
  return {};
}

const Sample* TemplateCache::Find(const Digest& picture) const {
  const auto found = samples_.find(picture);
  return found == samples_.end() ? nullptr : &found->second;
}

void TemplateCache::Add(const Digest& picture, const Sample& sample) {
  samples_[picture] = sample;
  if (file_ < 0) return;
  const Bytes record = ToRecord(picture, sample, dimension_);
  if (WriteAll(file_, record)) {
    good_bytes_ += record.size();
    return;
  }
  // A cut that fails too leaves a torn record, which the next reader cuts off.
  if (::ftruncate(file_, static_cast<off_t>(good_bytes_)) != 0) errno = 0;
  Close();
}

}  // namespace candid::eval
