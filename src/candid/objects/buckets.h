// Buckets: every bucket that a request may name: folders by their names, all others in the store.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "candid/objects/source.h"

namespace candid::objects {

class Buckets final : public Source {
 public:
  // At most `max_reads` objects are on their way at once, so that a slow store cannot hold every
  // worker; a read waits up to `patience` for its turn, then kExhausted.
  explicit Buckets(std::size_t max_reads,
                   std::chrono::milliseconds patience = std::chrono::seconds(1))
      : free_(max_reads), patience_(patience) {}

  // Before the first read. A bucket that was added already is replaced.
  void Add(const std::string& bucket, std::unique_ptr<Source> source);
  void AddAllOthers(std::unique_ptr<Source> source) { others_ = std::move(source); }

  // kNotFound for a bucket that is nowhere.
  Result<Bytes> Read(const ObjectName& name, std::uint64_t max_bytes) const override;

 private:
  Status AwaitTurn() const;
  void EndTurn() const;

  std::map<std::string, std::unique_ptr<Source>> named_;
  std::unique_ptr<Source> others_;
  mutable std::mutex mutex_;
  mutable std::condition_variable turn_;
  mutable std::size_t free_;
  std::chrono::milliseconds patience_;
};

}  // namespace candid::objects
