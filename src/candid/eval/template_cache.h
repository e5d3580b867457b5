// TemplateCache: samples of pictures already seen by one model, kept in a file so that an
// evaluation that was stopped, or comes again, does not make them anew. docs/formats/eval_cache.md.
//
// The file holds templates of people's faces: it is made readable for its owner only.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include "candid/base/hash.h"
#include "candid/eval/sample.h"

namespace candid::eval {

// All that shapes a sample but the picture. Another key, another file.
struct CacheKey {
  std::string model_hash;
  std::string precision;      // "bf16" or "f32"
  std::size_t dimension = 0;  // 1..4096
  int border_pct = 0;         // put around the picture before detection

  std::string Text() const;
};

// One thread at a time.
class TemplateCache {
 public:
  // Reads the file of `key` in `folder`, both made where missing. Records that are cut short or
  // damaged are left out. Where another process holds the file, it is read and not written.
  // kIo: folder or file cannot be made or read.
  static Result<std::unique_ptr<TemplateCache>> Open(const std::filesystem::path& folder,
                                                     const CacheKey& key);
  ~TemplateCache();
  TemplateCache(const TemplateCache&) = delete;
  TemplateCache& operator=(const TemplateCache&) = delete;

  // Of the picture whose file has this SHA-256; null: not seen yet. Valid until the next Add.
  const Sample* Find(const Digest& picture) const;

  // Keeps the sample in memory and in the file. After a write that failed (a full disk) the file
  // is left as it was before it and gets no more; written() is false from then on.
  void Add(const Digest& picture, const Sample& sample);

  // False: another process has the file, or a write failed.
  bool written() const { return file_ >= 0; }
  std::size_t size() const { return samples_.size(); }

 private:
  struct HashOfDigest {
    std::size_t operator()(const Digest& digest) const;
  };
  TemplateCache(std::size_t dimension, std::string header)
      : dimension_(dimension), header_(std::move(header)) {}
  Status Read(const std::filesystem::path& path);
  Status Prepare(const std::filesystem::path& path);
  void Close();

  const std::size_t dimension_;
  const std::string header_;
  std::unordered_map<Digest, Sample, HashOfDigest> samples_;
  std::uint64_t good_bytes_ = 0;  // header and whole records
  int file_ = -1;
};

}  // namespace candid::eval
