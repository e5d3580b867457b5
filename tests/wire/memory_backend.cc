#include "memory_backend.h"

#include <algorithm>

#include "candid/base/clock.h"
#include "candid/base/hash.h"
#include "candid/base/ids.h"

namespace candid::wire {
namespace {

constexpr char kVersion[] = "1.0";

Result<std::vector<std::string>> PersonsOf(ByteSpan image) {
  const std::string_view text = AsText(image);
  if (text.starts_with("\xff\xd8\xff") || text.starts_with("\x89PNG")) {
    return std::vector<std::string>{Sha256Hex(image)};
  }
  if (!text.starts_with("faces:")) return Fail(Code::kUnsupported, "neither JPEG nor PNG");
  std::vector<std::string> persons;
  std::string_view rest = text.substr(6);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    persons.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return persons;
}

api::FaceDetail DetailOf(std::size_t rank) {
  api::FaceDetail detail;
  const float size = 0.5f / static_cast<float>(rank + 1);
  detail.box = {0.25f, 0.25f, size, size};
  detail.confidence = 99.5;
  detail.quality = {80, 90};
  return detail;
}

template <typename T>
api::Page<T> Cut(const std::map<std::string, T>& all, const std::string& from, std::size_t limit) {
  api::Page<T> page;
  for (auto at = all.upper_bound(from); at != all.end(); ++at) {
    if (page.items.size() == limit) {
      page.next = std::prev(at)->first;
      break;
    }
    page.items.push_back(at->second);
  }
  return page;
}

}  // namespace

Result<MemoryBackend::Collection*> MemoryBackend::Find(const std::string& id) {
  const auto found = collections_.find(id);
  if (found == collections_.end()) return Fail(Code::kNotFound, "no such collection");
  found->second.info.face_count = static_cast<std::int64_t>(found->second.faces.size());
  return &found->second;
}

std::vector<api::FaceMatch> MemoryBackend::Matches(const Collection& collection,
                                                   const std::string& person,
                                                   const std::string& except, double similarity,
                                                   std::size_t limit) {
  std::vector<api::FaceMatch> matches;
  for (const auto& [id, entry] : collection.faces) {
    const double score = entry.person == person ? 99.9 : 1.0;
    if (id != except && score >= similarity) matches.push_back({score, entry.face});
  }
  std::stable_sort(matches.begin(), matches.end(),
                   [](const auto& a, const auto& b) { return a.similarity > b.similarity; });
  if (matches.size() > limit) matches.resize(limit);
  return matches;
}

Result<std::vector<api::FaceDetail>> MemoryBackend::Detect(ByteSpan image) {
  CANDID_ASSIGN(const auto persons, PersonsOf(image));
  std::vector<api::FaceDetail> faces;
  for (std::size_t i = 0; i < persons.size(); ++i) faces.push_back(DetailOf(i));
  return faces;
}

Result<api::Comparison> MemoryBackend::Compare(ByteSpan source, ByteSpan target, double similarity,
                                               api::QualityFilter) {
  CANDID_ASSIGN(const auto from, PersonsOf(source));
  CANDID_ASSIGN(const auto to, PersonsOf(target));
  if (from.empty() || to.empty()) return Fail(Code::kInvalidArgument, "no face");
  api::Comparison result;
  result.source = DetailOf(0);
  for (std::size_t i = 0; i < to.size(); ++i) {
    const double score = to[i] == from[0] ? 99.9 : 1.0;
    if (score >= similarity) {
      result.matches.emplace_back(score, DetailOf(i));
    } else {
      result.unmatched.push_back(DetailOf(i));
    }
  }
  return result;
}

Result<api::CollectionInfo> MemoryBackend::CreateCollection(
    const std::string& id, const std::vector<std::pair<std::string, std::string>>&) {
  std::lock_guard lock(mutex_);
  const auto [place, made] = collections_.try_emplace(id);
  if (!made) return Fail(Code::kAlreadyExists, "exists");
  place->second.info = {id, kVersion, 0, SystemClock().Now()};
  return place->second.info;
}

Result<api::CollectionInfo> MemoryBackend::DescribeCollection(const std::string& id) {
  std::lock_guard lock(mutex_);
  CANDID_ASSIGN(const Collection* collection, Find(id));
  return collection->info;
}

Result<api::Page<api::CollectionInfo>> MemoryBackend::ListCollections(const std::string& from,
                                                                      std::size_t limit) {
  std::lock_guard lock(mutex_);
  std::map<std::string, api::CollectionInfo> all;
  for (const auto& [id, collection] : collections_) all[id] = collection.info;
  return Cut(all, from, limit);
}

Status MemoryBackend::DeleteCollection(const std::string& id) {
  std::lock_guard lock(mutex_);
  CANDID_TRY(Find(id));
  collections_.erase(id);
  return {};
}

Result<api::IndexResult> MemoryBackend::Index(const api::IndexRequest& request) {
  std::lock_guard lock(mutex_);
  CANDID_ASSIGN(Collection * collection, Find(request.collection));
  CANDID_ASSIGN(const auto persons, PersonsOf(request.image));
  api::IndexResult result;
  result.model_version = kVersion;
  const std::string image_id = NamedUuid(request.image);
  for (std::size_t i = 0; i < persons.size(); ++i) {
    const api::FaceDetail detail = DetailOf(i);
    if (i >= static_cast<std::size_t>(request.max_faces)) {
      result.unindexed.push_back({{"EXCEEDS_MAX_FACES"}, detail});
      continue;
    }
    const std::string key = image_id + request.external_image_id + std::to_string(i);
    const std::string id = NamedUuid(AsBytes(key));
    const api::StoredFace face{id, image_id, request.external_image_id, detail.box, 99.5, kVersion};
    collection->faces[id] = {persons[i], face};
    result.indexed.emplace_back(face, detail);
  }
  return result;
}

Result<api::Page<api::StoredFace>> MemoryBackend::ListFaces(
    const std::string& collection, const std::vector<std::string>& face_ids,
    const std::string& from, std::size_t limit) {
  std::lock_guard lock(mutex_);
  CANDID_ASSIGN(const Collection* found, Find(collection));
  std::map<std::string, api::StoredFace> all;
  for (const auto& [id, entry] : found->faces) {
    const bool asked = std::find(face_ids.begin(), face_ids.end(), id) != face_ids.end();
    if (face_ids.empty() || asked) all[id] = entry.face;
  }
  return Cut(all, from, limit);
}

Result<std::vector<std::string>> MemoryBackend::DeleteFaces(const std::string& collection,
                                                            const std::vector<std::string>& ids) {
  std::lock_guard lock(mutex_);
  CANDID_ASSIGN(Collection * found, Find(collection));
  std::vector<std::string> deleted;
  for (const std::string& id : ids) {
    if (found->faces.erase(id) > 0) deleted.push_back(id);
  }
  return deleted;
}

Result<api::SearchResult> MemoryBackend::SearchByFace(const std::string& collection,
                                                      const std::string& face_id, double similarity,
                                                      std::size_t limit) {
  std::lock_guard lock(mutex_);
  CANDID_ASSIGN(const Collection* found, Find(collection));
  const auto face = found->faces.find(face_id);
  if (face == found->faces.end()) return Fail(Code::kInvalidArgument, "no such face");
  return api::SearchResult{
      {}, Matches(*found, face->second.person, face_id, similarity, limit), kVersion};
}

Result<api::SearchResult> MemoryBackend::SearchByImage(const std::string& collection,
                                                       ByteSpan image, double similarity,
                                                       std::size_t limit, api::QualityFilter) {
  std::lock_guard lock(mutex_);
  CANDID_ASSIGN(const Collection* found, Find(collection));
  CANDID_ASSIGN(const auto persons, PersonsOf(image));
  api::SearchResult result;
  result.model_version = kVersion;
  if (persons.empty()) return result;
  result.searched = DetailOf(0);
  result.matches = Matches(*found, persons[0], "", similarity, limit);
  return result;
}

}  // namespace candid::wire
