// docs/operations.md says what the schema says: its tables are written from the schema here, and
// the page is held to them. After a change: CANDID_WRITE_DOCS=1 api_test
// --gtest_filter='OperationsPage*'
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "candid/api/schema.h"
#include "candid/base/files.h"

namespace candid::api {
namespace {

using testing::HasSubstr;

constexpr std::string_view kBegin = "<!-- from the schema: begin -->\n";
constexpr std::string_view kEnd = "<!-- from the schema: end -->\n";

std::string NumberText(double value) {
  return std::to_string(static_cast<long long>(value));  // limits and defaults are whole
}

// "1 to 255 characters", "at most 200 entries"; empty for no limit.
std::string Bounds(const Constraint& constraint, const std::string& unit) {
  const bool has_most = constraint.max >= constraint.min;
  const std::string of = unit.empty() ? "" : " " + unit;
  if (!has_most && constraint.min <= 0) return {};
  if (!has_most) return ", at least " + NumberText(constraint.min) + of;
  if (constraint.min <= 0 && !unit.empty()) return ", at most " + NumberText(constraint.max) + of;
  return ", " + NumberText(constraint.min) + " to " + NumberText(constraint.max) + of;
}

std::string Describe(const Constraint& constraint) {
  switch (constraint.type) {
    case Type::kString: {
      if (!constraint.values.empty()) {
        std::string values;
        for (const std::string_view value : constraint.values) {
          values += (values.empty() ? "one of `" : ", `") + std::string(value) + "`";
        }
        return values;
      }
      std::string text = "text" + Bounds(constraint, "characters");
      if (constraint.pattern) text += ", `" + std::string(constraint.pattern->text) + "`";
      return text;
    }
    case Type::kInteger:
      return "integer" + Bounds(constraint, "");
    case Type::kFloat:
      return "number" + Bounds(constraint, "");
    case Type::kBlob:
      return "base64" + Bounds(constraint, "bytes");
    case Type::kList:
      return "list" + Bounds(constraint, "items") + "; each " + Describe(*constraint.item);
    case Type::kMap:
      return "map" + Bounds(constraint, "entries") + "; key " + Describe(*constraint.key) +
             "; value " + Describe(*constraint.item);
    case Type::kObject:
      return "object";
  }
  return {};
}

std::string DefaultOf(const Member& member) {
  if (!member.default_text.empty()) return "`" + std::string(member.default_text) + "`";
  if (member.default_number != 0) return NumberText(member.default_number);
  return {};
}

void AddRows(std::span<const Member> members, const std::string& prefix, std::string* page) {
  for (const Member& member : members) {
    const std::string name = prefix + std::string(member.name);
    *page += "| `" + name + "` | " + (member.required ? "yes" : "") + " | " +
             Describe(*member.constraint) + " | " + DefaultOf(member) + " |\n";
    AddRows(member.constraint->members, name + ".", page);
  }
}

std::string Tables() {
  std::string page;
  for (const OperationSchema& operation : Operations()) {
    page += "\n### " + std::string(operation.name) + "\n\n";
    page += "| member | required | type and limits | default |\n|---|---|---|---|\n";
    AddRows(operation.members, "", &page);
  }
  return page + "\n";
}

class OperationsPage : public testing::Test {
 protected:
  void SetUp() override {
    const char* source = std::getenv("CANDID_SOURCE_DIR");
    if (source == nullptr) GTEST_SKIP() << "CANDID_SOURCE_DIR is not set";
    path_ = std::filesystem::path(source) / "docs/operations.md";
    page_ = std::string(AsText(ReadFile(path_, 1 << 20).value()));
  }
  std::filesystem::path path_;
  std::string page_;
};

TEST_F(OperationsPage, HasTheSchemasTables) {
  const std::size_t begin = page_.find(kBegin);
  const std::size_t end = page_.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const std::size_t from = begin + kBegin.size();
  if (std::getenv("CANDID_WRITE_DOCS") != nullptr) {
    page_.replace(from, end - from, Tables());
    ASSERT_TRUE(WriteFileDurably(path_, AsBytes(page_)));
    return;
  }
  EXPECT_EQ(page_.substr(from, end - from), Tables());
}

TEST_F(OperationsPage, NamesEveryOperationWithItsState) {
  for (const OperationSchema& operation : Operations()) {
    EXPECT_THAT(page_, HasSubstr("| " + std::string(operation.name) + " | served |"));
  }
  for (const std::string_view operation : NotServed()) {
    EXPECT_THAT(page_, HasSubstr("| " + std::string(operation) + " | refused |"));
  }
}

TEST_F(OperationsPage, NamesEveryAttribute) {
  for (const Member& member : SchemaOf("DetectFaces")->members) {
    if (member.name != "Attributes") continue;
    for (const std::string_view attribute : member.constraint->item->values) {
      EXPECT_THAT(page_, HasSubstr("| `" + std::string(attribute) + "` |"));
    }
  }
}

}  // namespace
}  // namespace candid::api
