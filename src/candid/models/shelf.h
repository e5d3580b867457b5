// Shelf: the packs of a state folder, and the one of them that is in use.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "candid/models/fetch.h"
#include "candid/models/pack.h"

namespace candid::models {

// On what terms a pack is taken.
struct Terms {
  bool accept_non_commercial = false;
  // Told of the pack, so that licence and training data can be shown, before anything is taken.
  std::function<void(const Pack&)> show;
};

// One folder a pack, named after it, with its pack.toml. Holds nothing in memory: every call looks
// at the disk, so calls of many processes see each other's packs. What they write is whole or not
// there. Errors name pack and file.
class Shelf {
 public:
  // `folder`: "models" of the state folder; need not exist. `catalogue`: the folder of shipped
  // manifests, by which files without one are recognised.
  explicit Shelf(std::filesystem::path folder, std::filesystem::path catalogue = {});

  // In order of name. A folder without pack.toml is none; a manifest that cannot be read is an
  // error.
  Result<std::vector<Pack>> Packs() const;
  // The shipped manifests, in order of name; their files need not be there.
  Result<std::vector<Pack>> Catalogue() const;

  // kNotFound with the remedy. Other packs may be damaged.
  Result<Pack> Find(const std::string& name) const;

  // The pack in use: the one that Use named last, else kDefaultPack. kUnavailable with the remedy
  // where it is not on the shelf.
  Result<Pack> Active() const;
  // Checks the pack's files first. kDenied: weights that are not for commercial use, terms not
  // accepted.
  Result<Pack> Use(const std::string& name, const Terms& terms) const;

  // Puts a pack on the shelf. `path` is a manifest with its files beside it, or a model file that a
  // shipped manifest names by its sha256. Parts that are not there are taken from packs on the
  // shelf, by sha256. Every network is loaded by `infer` first: kUnsupported names an operator that
  // it lacks; kMalformed, sizes that are not the manifest's. kAlreadyExists: another pack of that
  // name; the same one is mended where its files are damaged.
  Result<Pack> Add(const std::filesystem::path& path, const Terms& terms) const;

  // As Add, for a pack of the catalogue whose missing parts are downloaded, resumed where an
  // earlier attempt ended. Errors of Fetch.
  Result<Pack> Get(const std::string& name, const Terms& terms, const FetchOptions& options = {},
                   const FetchProgress& progress = {}) const;

  static constexpr const char* kDefaultPack = "candid-default";

 private:
  using Files = std::map<std::string, std::filesystem::path>;  // by sha256
  Result<Pack> Put(const std::filesystem::path& manifest, const Files& offered) const;
  // The files of readable packs, whole or not.
  Files Stock() const;

  std::filesystem::path folder_;
  std::filesystem::path catalogue_;
};

}  // namespace candid::models
