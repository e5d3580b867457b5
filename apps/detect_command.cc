// candid detect PHOTO...

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <optional>

#include "apps/command.h"
#include "apps/photo.h"
#include "apps/terminal.h"

namespace candid::apps {
namespace {

boost::json::object ToJson(const face::Attributes& attributes) {
  boost::json::object object;
  if (attributes.age_range) {
    object["AgeRange"] = {{"low", attributes.age_range->low}, {"high", attributes.age_range->high}};
  }
  for (std::size_t i = 0; i < attributes.traits.size(); ++i) {
    if (!attributes.traits[i]) continue;
    object[NameOf(static_cast<face::Trait>(i))] = {
        {"value", attributes.traits[i]->value}, {"probability", attributes.traits[i]->probability}};
  }
  if (attributes.happy) object["happy"] = *attributes.happy;
  return object;
}

// What is so, each with its probability: "20-33 Smile 98 MouthOpen 93".
std::string ToText(const face::Attributes& attributes) {
  std::string text;
  if (attributes.age_range) {
    text = fmt::format("{}-{}", attributes.age_range->low, attributes.age_range->high);
  }
  for (std::size_t i = 0; i < attributes.traits.size(); ++i) {
    const auto& trait = attributes.traits[i];
    if (!trait || !trait->value) continue;
    text +=
        fmt::format(" {} {:.0f}", NameOf(static_cast<face::Trait>(i)), trait->probability * 100);
  }
  return text;
}

boost::json::object ToJson(const face::Face& face, bool attributes) {
  boost::json::array landmarks;
  for (const face::Point& point : face.landmarks) {
    landmarks.push_back({{"x", point.x}, {"y", point.y}});
  }
  boost::json::object object{
      {"box",
       {{"left", face.box.left},
        {"top", face.box.top},
        {"width", face.box.width},
        {"height", face.box.height}}},
      {"confidence", face.confidence},
      {"landmarks", std::move(landmarks)},
      {"pose", {{"roll", face.pose.roll}, {"yaw", face.pose.yaw}, {"pitch", face.pose.pitch}}},
      {"quality", {{"brightness", face.quality.brightness}, {"sharpness", face.quality.sharpness}}},
      {"usefulness", face.usefulness}};
  if (!attributes) return object;
  boost::json::object& all = object["all_landmarks"].emplace_object();
  for (std::size_t i = 0; i < face.all_landmarks.size(); ++i) {
    all[face::kAllLandmarkNames[i]] = {{"x", face.all_landmarks[i].x},
                                       {"y", face.all_landmarks[i].y}};
  }
  object["attributes"] = ToJson(face.attributes);
  return object;
}

boost::json::object ToJson(const OpenPhoto& open, bool attributes) {
  boost::json::array faces;
  for (const face::Face& face : open.photo.faces()) faces.push_back(ToJson(face, attributes));
  return {{"path", open.path},
          {"width", open.photo.info().width},
          {"height", open.photo.info().height},
          {"faces", std::move(faces)}};
}

void AddRows(const OpenPhoto& open, bool attributes, std::vector<Row>* rows) {
  const auto& faces = open.photo.faces();
  if (faces.empty()) rows->push_back({open.path, "no face"});
  for (std::size_t i = 0; i < faces.size(); ++i) {
    const face::Face& face = faces[i];
    rows->push_back(
        {i == 0 ? open.path : "",
         fmt::format("{:.0f},{:.0f} {:.0f}x{:.0f}", face.box.left, face.box.top, face.box.width,
                     face.box.height),
         fmt::format("{:.2f}", face.confidence * 100),
         fmt::format("{:.0f} {:.0f} {:.0f}", face.pose.roll, face.pose.yaw, face.pose.pitch),
         fmt::format("{:.0f}", face.quality.brightness),
         fmt::format("{:.0f}", face.quality.sharpness), fmt::format("{:.2f}", face.usefulness)});
    if (attributes) rows->back().push_back(ToText(face.attributes));
  }
}

// Every photo is tried; the first refusal decides the exit code.
Status DetectAll(const Context& context, const std::vector<std::string>& paths, bool attributes) {
  const face::AttributeSet wanted = attributes ? face::AttributeSet::All() : face::AttributeSet{};
  CANDID_ASSIGN(const auto pipeline, OpenPipeline(context));
  boost::json::array photos;
  std::vector<Row> rows;
  std::optional<Error> refused;
  for (const std::string& path : paths) {
    const auto open = DetectIn(*pipeline, path, wanted);
    if (!open) {
      photos.push_back({{"path", path}, {"error", open.error().message()}});
      rows.push_back({path, open.error().message()});
      if (!refused) refused = open.error();
      continue;
    }
    photos.push_back(ToJson(**open, attributes));
    AddRows(**open, attributes, &rows);
  }
  if (context.json) {
    std::puts(boost::json::serialize(boost::json::object{{"photos", photos}}).c_str());
  } else {
    Row header{"photo",      "box (px)",  "face %",    "roll yaw pitch",
               "brightness", "sharpness", "usefulness"};
    if (attributes) header.push_back("age, what is so (%)");
    std::fputs(FormatTable(header, rows).c_str(), stdout);
  }
  if (refused) return Fail(*refused);
  return {};
}

}  // namespace

void AddDetect(CLI::App* app, Context* context) {
  CLI::App* command =
      app->add_subcommand("detect", "The faces in photos: where, how sure, how good");
  command->footer(
      "\nExamples:\n  candid detect photo.jpg\n  candid detect --json a.jpg b.png\n"
      "  candid detect --attributes photo.jpg\n");
  auto paths = std::make_shared<std::vector<std::string>>();
  auto attributes = std::make_shared<bool>(false);
  command->add_option("photos", *paths, "JPEG or PNG files")->required();
  command->add_flag("--attributes", *attributes,
                    "Also 30 landmarks, age range, smile, glasses and the rest that is measured");
  Run(command, context,
      [context, paths, attributes] { return DetectAll(*context, *paths, *attributes); });
}

}  // namespace candid::apps
