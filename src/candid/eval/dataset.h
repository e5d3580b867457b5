// Dataset: a folder of labelled pictures, with what is known of their people.
//
//   <subject>/<image> or images/<subject>/<image>   pictures of people, a folder each
//   <image> or images/<image>                       flat: every picture another person
//   subjects.tsv    column `subject` and any others, each a way to group the people
//   images.tsv      column `image` (below the pictures' root) and any others, for the pictures
//   pairs.tsv       columns `same` (1 or 0), `image_a`, `image_b`, optionally `fold`
//
// All labels are optional. What contradicts itself or names what is not there is left out and said
// in `notes`, never guessed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "candid/base/result.h"

namespace candid::eval {

struct LabelledImage {
  std::filesystem::path path;
  std::string name;           // below the pictures' root, with '/'
  std::uint32_t subject = 0;  // 0, 1, ... in order of name
};

inline constexpr std::uint16_t kNoGroup = 0xFFFF;
inline constexpr std::size_t kMaxGroups = 64;

// One way of putting the pictures into groups.
struct Grouping {
  std::string name;                     // the column's, or "sex*group" for a crossing
  std::vector<std::string> groups;      // in order of name; ages in order of age; 1..kMaxGroups
  std::vector<std::uint16_t> of_image;  // index into groups, or kNoGroup where nothing is said
};

struct ListedPair {
  std::uint32_t a = 0;  // indexes into images
  std::uint32_t b = 0;
  bool same = false;
  std::string fold;  // empty: none given
};

struct Dataset {
  std::vector<LabelledImage> images;  // in order of name
  std::uint32_t subjects = 0;
  bool flat = false;  // every picture is taken for another person: no mated pairs
  std::vector<Grouping> groupings;
  std::vector<ListedPair> pairs;
  std::vector<std::string> notes;  // for people: what was left out and why; no one's name
};

struct DatasetOptions {
  // Groupings wanted: a column, or columns crossed as "sex*group". Empty: every column by itself.
  std::vector<std::string> by;
  // Keep only pictures with one of these: "age=18-40,41-64". Several: all must hold.
  std::vector<std::string> only;
};

inline constexpr std::size_t kMaxImages = 1 << 17;

// Takes files named .jpg, .jpeg or .png in any case; leaves out hidden ones and empty subjects. A
// column `age` of numbers is put into bands (0-3, 4-12, 13-17, 18-40, 41-64, 65+); another column
// of more than kMaxGroups values is no grouping.
// kNotFound: no such folder, or no picture in it; kIo: a folder that cannot be read; kTooLarge:
// over kMaxImages; kMalformed: a label file that is no table; kInvalidArgument: an option that
// names an unknown column or leaves no picture.
Result<Dataset> ListDataset(const std::filesystem::path& folder,
                            const DatasetOptions& options = {});

}  // namespace candid::eval
