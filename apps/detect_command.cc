// candid detect PHOTO...

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdio>
#include <optional>

#include "apps/command.h"
#include "apps/photo.h"
#include "apps/terminal.h"

namespace candid::apps {
namespace {

boost::json::object ToJson(const face::Face& face) {
  boost::json::array landmarks;
  for (const face::Point& point : face.landmarks) {
    landmarks.push_back({{"x", point.x}, {"y", point.y}});
  }
  return {
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
}

boost::json::object ToJson(const OpenPhoto& open) {
  boost::json::array faces;
  for (const face::Face& face : open.photo.faces()) faces.push_back(ToJson(face));
  return {{"path", open.path},
          {"width", open.photo.info().width},
          {"height", open.photo.info().height},
          {"faces", std::move(faces)}};
}

void AddRows(const OpenPhoto& open, std::vector<Row>* rows) {
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
  }
}

// Every photo is tried; the first refusal decides the exit code.
Status DetectAll(const Context& context, const std::vector<std::string>& paths) {
  CANDID_ASSIGN(const auto pipeline, OpenPipeline(context));
  boost::json::array photos;
  std::vector<Row> rows;
  std::optional<Error> refused;
  for (const std::string& path : paths) {
    const auto open = DetectIn(*pipeline, path);
    if (!open) {
      photos.push_back({{"path", path}, {"error", open.error().message()}});
      rows.push_back({path, open.error().message()});
      if (!refused) refused = open.error();
      continue;
    }
    photos.push_back(ToJson(**open));
    AddRows(**open, &rows);
  }
  if (context.json) {
    std::puts(boost::json::serialize(boost::json::object{{"photos", photos}}).c_str());
  } else {
    const Row header{"photo",      "box (px)",  "face %",    "roll yaw pitch",
                     "brightness", "sharpness", "usefulness"};
    std::fputs(FormatTable(header, rows).c_str(), stdout);
  }
  if (refused) return Fail(*refused);
  return {};
}

}  // namespace

void AddDetect(CLI::App* app, Context* context) {
  CLI::App* command =
      app->add_subcommand("detect", "The faces in photos: where, how sure, how good");
  command->footer("\nExamples:\n  candid detect photo.jpg\n  candid detect --json a.jpg b.png\n");
  auto paths = std::make_shared<std::vector<std::string>>();
  command->add_option("photos", *paths, "JPEG or PNG files")->required();
  Run(command, context, [context, paths] { return DetectAll(*context, *paths); });
}

}  // namespace candid::apps
