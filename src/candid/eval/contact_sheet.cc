#include "candid/eval/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "candid/base/files.h"
#include "candid/eval/plot.h"
#include "candid/image/decode.h"
#include "candid/image/encode.h"
#include "candid/image/resample.h"

namespace candid::eval {
namespace {

constexpr int kSide = 128;  // pixels of a face
constexpr int kQuality = 85;
constexpr float kAround = 1.7F;  // of the box's longer side

constexpr const char* kStyle = R"css(
:root{--paper:#fff;--ink:#1b1f24;--soft:#57606a;--rule:#d0d7de;--warn:#8a1c13}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--soft:#9198a1;
--rule:#30363d;--warn:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.45 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:72rem;margin:0 auto;padding:1.2rem}h1{font-size:1.6rem;margin:.2em 0}
h2{font-size:1.2rem;margin:1.6em 0 .4em}
.warn{color:var(--warn);font-weight:600}
.pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(290px,1fr));gap:1rem}
figure{margin:0;padding:.5rem;border:1px solid var(--rule);break-inside:avoid}
figure div{display:flex;gap:.4rem}
img,.none{width:128px;height:128px;background:var(--rule);object-fit:cover}
figcaption{color:var(--soft);font-size:.8rem;overflow-wrap:anywhere;margin-top:.3rem}
)css";

// The face with some of its surroundings, square; an error says why it cannot be shown.
Result<Bytes> Thumbnail(const std::filesystem::path& path, const Sample& sample) {
  CANDID_ASSIGN(const Bytes file, ReadFile(path, image::Limits().max_bytes));
  CANDID_ASSIGN(const auto source, image::Source::Open(file));
  CANDID_ASSIGN(const image::Image picture, source.Decode());
  image::Affine to_source;
  if (sample.outcome == Outcome::kEnrolled) {
    const float side = kAround * std::max(sample.box.width, sample.box.height);
    to_source.a = to_source.e = double{side} / kSide;
    to_source.c = double{sample.box.left + (sample.box.width - side) / 2};
    to_source.f = double{sample.box.top + (sample.box.height - side) / 2};
  } else {
    const int side = std::max(picture.width, picture.height);
    to_source.a = to_source.e = static_cast<double>(side) / kSide;
    to_source.c = (picture.width - side) / 2.0;
    to_source.f = (picture.height - side) / 2.0;
  }
  return image::EncodeJpeg(image::Warp(picture, to_source, kSide, kSide, 128), kQuality);
}

class Sheet {
 public:
  Sheet(const Dataset& dataset, const Enrolment& enrolment)
      : dataset_(dataset), enrolment_(enrolment) {}

  void Add(const std::string& title, const std::string& words,
           const std::vector<ScoredPair>& pairs) {
    html_ += fmt::format("<h2>{}</h2><p>{}</p>\n", EscapeHtml(title), EscapeHtml(words));
    if (pairs.empty()) html_ += "<p>None.</p>\n";
    html_ += "<div class=\"pairs\">\n";
    for (const ScoredPair& pair : pairs) {
      html_ += fmt::format(
          "<figure><div>{}{}</div><figcaption>{}<br>{}<br>{}</figcaption></figure>\n", Face(pair.a),
          Face(pair.b),
          pair.score == kNoScore ? "no face was found in one of them"
                                 : fmt::format("score {:.4f}", pair.score),
          EscapeHtml(dataset_.images[pair.a].name), EscapeHtml(dataset_.images[pair.b].name));
    }
    html_ += "</div>\n";
  }

  const std::string& html() const { return html_; }

 private:
  std::string Face(std::uint32_t image) {
    std::string& known = faces_[image];
    if (!known.empty()) return known;
    const auto jpeg = Thumbnail(dataset_.images[image].path, enrolment_.samples[image]);
    known = jpeg ? fmt::format("<img alt=\"\" src=\"data:image/jpeg;base64,{}\">", ToBase64(*jpeg))
                 : "<span class=\"none\"></span>";
    return known;
  }

  const Dataset& dataset_;
  const Enrolment& enrolment_;
  std::map<std::uint32_t, std::string> faces_;
  std::string html_;
};

}  // namespace

std::string ContactSheet(const Dataset& dataset, const Enrolment& enrolment,
                         const Evaluation& evaluation) {
  const std::vector<ScoredPair>& mated = evaluation.scores.mated;
  const std::vector<ScoredPair>& tail = evaluation.scores.tail;
  const std::vector<ScoredPair> alike(
      tail.begin(), tail.begin() + static_cast<std::ptrdiff_t>(std::min(kShownPairs, tail.size())));
  std::vector<ScoredPair> unlike, failed;
  for (auto pair = mated.rbegin(); pair != mated.rend(); ++pair) {
    auto& list = pair->score == kNoScore ? failed : unlike;
    if (list.size() < kShownPairs) list.push_back(*pair);
    if (unlike.size() == kShownPairs) break;
  }
  Sheet sheet(dataset, enrolment);
  sheet.Add("Different people, most alike",
            "By the labels these are two people each. The best scores come first: each is an error "
            "of the system or of the labels.",
            alike);
  sheet.Add("The same person, least alike",
            "By the labels this is one person each. The worst scores come first.", unlike);
  sheet.Add("The same person, no face found",
            "These count as missed in every figure; a picture without a face is shown whole.",
            failed);
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<meta name=\"robots\" content=\"noindex\"><meta name=\"color-scheme\" content=\"light "
      "dark\">"
      "<title>Worst errors: faces</title><style>{}</style></head><body><main>\n"
      "<h1>The faces behind the worst errors</h1>\n"
      "<p class=\"warn\">This file holds pictures and names of people. It is readable for its "
      "owner "
      "only and no part of the report: keep it here, and delete it when you have looked.</p>\n"
      "{}</main></body></html>\n",
      kStyle, sheet.html());
}

}  // namespace candid::eval
