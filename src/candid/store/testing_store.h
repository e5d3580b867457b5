// TestingStore: a store in a folder of its own, for tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "candid/base/ids.h"
#include "candid/store/store.h"

namespace candid::store {

class TestingStore : public testing::Test {
 protected:
  static constexpr std::size_t kDimension = 2;

  void SetUp() override { Open(); }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Open(const OpenOptions& options = {}) {
    store_.reset();
    auto opened = Store::Open(folder_, options);
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = *std::move(opened);
  }

  void Create(const std::string& id) {
    ASSERT_TRUE(store_->CreateCollection(
        {id, {}, {"pack", "hash", "1.0", kDimension}, Keep::kNone, 0}, {}));
  }

  // Faces of one image at these places; a template begins with the place.
  Result<std::vector<RecordedFace>> Record(const std::string& collection,
                                           const std::vector<float>& lefts,
                                           const std::string& image = "image") {
    std::vector<NewFace> faces;
    for (const float left : lefts) {
      faces.push_back({{}, {left, 0, 0.1f, 0.1f}, 1, 1, {left, 1}, {}, {}});
    }
    return store_->RecordImage(collection, "hash", {image, "x", {}, 100, 100, {}}, faces, 1000, {});
  }

  std::size_t Templates(const std::string& collection) {
    std::size_t count = 0;
    EXPECT_TRUE(store_->ReadTemplates(collection, [&](const TemplateBlock& block) -> Status {
      count += block.rows.size();
      EXPECT_EQ(block.vectors.size(), block.rows.size() * kDimension);
      return {};
    }));
    return count;
  }

  // All bytes of a file; none where it is not there.
  static std::string Contents(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / RandomUuid();
  std::unique_ptr<Store> store_;
};

}  // namespace candid::store
