// Tags of collections.
#include <fmt/format.h>

#include "candid/collections/state.h"

namespace candid::collections {
namespace {

// Characters of UTF-8 text.
std::size_t LengthOf(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text) length += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return length;
}

}  // namespace

Status CheckTags(const Tags& tags) {
  for (const auto& [key, value] : tags) {
    if (key.empty() || LengthOf(key) > 128 || key.starts_with("aws:")) {
      return Fail(Code::kInvalidArgument,
                  "a tag's key has 1 to 128 characters and does not begin with aws:");
    }
    if (LengthOf(value) > 256) {
      return Fail(Code::kInvalidArgument, "a tag's value has at most 256 characters");
    }
  }
  return {};
}

Status Collections::State::CheckPromise(const Tags& tags) const {
  const auto promise = tags.find(store::kFalseAlarmsTag);
  if (promise == tags.end()) return {};
  CANDID_ASSIGN(const decision::OneIn one_in, decision::ParseFalseAlarms(promise->second));
  const auto terms = decision::TermsOf(options.scale, {0, one_in, 0});
  if (!terms) return Fail(Code::kInvalidArgument, terms.error().message());
  return {};
}

Result<Tags> Collections::ListTags(const std::string& collection) const {
  return state_->store.ListTags(collection);
}

Status Collections::Tag(const Caller& caller, const std::string& collection, const Tags& tags) {
  CANDID_TRY(CheckTags(tags));
  CANDID_TRY(state_->CheckPromise(tags));
  return state_->store.SetTags(collection, tags, state_->Entry(caller, "TagResource", collection));
}

Status Collections::Untag(const Caller& caller, const std::string& collection,
                          const std::vector<std::string>& keys) {
  return state_->store.RemoveTags(collection, keys,
                                  state_->Entry(caller, "UntagResource", collection));
}

}  // namespace candid::collections
