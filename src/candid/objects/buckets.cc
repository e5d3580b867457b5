#include "candid/objects/buckets.h"

namespace candid::objects {

void Buckets::Add(const std::string& bucket, std::unique_ptr<Source> source) {
  named_[bucket] = std::move(source);
}

Result<Bytes> Buckets::Read(const ObjectName& name, std::uint64_t max_bytes) const {
  const auto named = named_.find(name.bucket);
  const Source* source = named == named_.end() ? others_.get() : named->second.get();
  if (source == nullptr) {
    return Fail(Code::kNotFound,
                "no bucket of that name: [objects] has neither a folder for it nor an endpoint");
  }
  CANDID_TRY(AwaitTurn());
  struct Turn {
    const Buckets& buckets;
    ~Turn() { buckets.EndTurn(); }
  } const turn{*this};
  return source->Read(name, max_bytes);
}

Status Buckets::AwaitTurn() const {
  std::unique_lock lock(mutex_);
  if (!turn_.wait_for(lock, patience_, [this] { return free_ > 0; })) {
    return Fail(Code::kExhausted,
                "[objects] max_reads objects are on their way already; is the store slow?");
  }
  --free_;
  return {};
}

void Buckets::EndTurn() const {
  {
    const std::lock_guard guard(mutex_);
    ++free_;
  }
  turn_.notify_one();
}

}  // namespace candid::objects
