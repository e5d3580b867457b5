#include "candid/objects/buckets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

namespace candid::objects {
namespace {

class Fixed final : public Source {
 public:
  explicit Fixed(std::string text) : text_(std::move(text)) {}
  Result<Bytes> Read(const ObjectName&, std::uint64_t) const override {
    return Bytes(text_.begin(), text_.end());
  }

 private:
  std::string text_;
};

// Answers when told to.
class Slow final : public Source {
 public:
  explicit Slow(std::shared_future<void> go) : go_(std::move(go)) {}
  Result<Bytes> Read(const ObjectName&, std::uint64_t) const override {
    go_.wait();
    return Bytes();
  }

 private:
  std::shared_future<void> go_;
};

class Throwing final : public Source {
 public:
  Result<Bytes> Read(const ObjectName&, std::uint64_t) const override { throw std::bad_alloc(); }
};

std::string TextOf(const Buckets& buckets, const std::string& bucket) {
  const auto bytes = buckets.Read({bucket, "key", ""}, 100);
  return bytes ? std::string(AsText(*bytes)) : std::string(NameOf(bytes.error().code()));
}

TEST(Buckets, FindsABucketsSource) {
  Buckets buckets(1);
  buckets.Add("photos", std::make_unique<Fixed>("folder"));
  EXPECT_EQ(TextOf(buckets, "photos"), "folder");
  EXPECT_EQ(TextOf(buckets, "Photos"), "not_found");
  buckets.AddAllOthers(std::make_unique<Fixed>("store"));
  EXPECT_EQ(TextOf(buckets, "photos"), "folder");
  EXPECT_EQ(TextOf(buckets, "Photos"), "store");
}

TEST(Buckets, ReadsSoManyAtOnce) {
  std::promise<void> go;
  Buckets buckets(2, std::chrono::milliseconds(20));
  buckets.Add("slow", std::make_unique<Slow>(go.get_future().share()));
  buckets.Add("fast", std::make_unique<Fixed>("x"));
  auto first = std::async(std::launch::async, [&] { return TextOf(buckets, "slow"); });
  auto second = std::async(std::launch::async, [&] { return TextOf(buckets, "slow"); });
  while (TextOf(buckets, "fast") != "exhausted") {
  }
  go.set_value();
  EXPECT_EQ(first.get() + second.get(), "");
  EXPECT_EQ(TextOf(buckets, "fast"), "x");
}

TEST(Buckets, GivesTheTurnBackWhateverHappens) {
  Buckets buckets(1, std::chrono::milliseconds(1));
  buckets.AddAllOthers(std::make_unique<Throwing>());
  for (int i = 0; i < 2; ++i) EXPECT_THROW(TextOf(buckets, "x"), std::bad_alloc);
}

}  // namespace
}  // namespace candid::objects
