// pipeline_bench PACK.toml [PHOTO.jpg]: a 2-megapixel JPEG with one face, bytes to template on one
// core; the share of each stage, and the same steps done with OpenCV (imdecode, resize, DNN) on the
// same ONNX files. Interleaved in one run; CPU time, medians. The face comes from PHOTO, else from
// ../shared/data/lfw-dev; without either it says so and ends.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <functional>
#include <numeric>
#include <opencv2/dnn.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "candid/base/files.h"
#include "candid/face/align.h"
#include "candid/face/blazeface.h"
#include "candid/face/detect.h"
#include "candid/face/landmarks.h"
#include "candid/face/pipeline.h"
#include "candid/image/resample.h"
#include "photo.h"

namespace {

namespace fs = std::filesystem;
namespace face = candid::face;
namespace image = candid::image;
using candid::Bytes;
using candid::models::Part;

constexpr int kWidth = 1664;
constexpr int kHeight = 1248;
constexpr int kRounds = 31;

// Of this thread's CPU time: a neighbour on the core does not count.
double Milliseconds(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  };
  const double start = now();
  work();
  return now() - start;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

template <typename T>
T OrDie(candid::Result<T> result) {
  if (result.has_value()) return *std::move(result);
  fmt::print(stderr, "{}\n", result.error().message());
  std::exit(1);
}

// The pipeline's steps in OpenCV's hands. What the networks' outputs mean is read by our code: it
// costs microseconds.
class OpenCvPipeline {
 public:
  explicit OpenCvPipeline(const candid::models::Pack& pack)
      : plan_(face::PlanDetection(kWidth, kHeight, face::PipelineOptions().min_face_px)),
        detector_(pack.detector()),
        landmarks_(pack.landmarks()),
        first_(Read(detector_)),
        second_(Read(detector_)),
        mesh_(Read(landmarks_)) {
    for (const Part* part : pack.embedders()) {
      std::vector<float> matrix;
      if (!part->matrix.empty()) matrix = OrDie(candid::models::ReadPartMatrix(*part));
      embedders_.push_back({*part, Read(*part), std::move(matrix)});
    }
  }

  std::vector<float> Run(const Bytes& file) {
    const cv::Mat picture = cv::imdecode(file, cv::IMREAD_COLOR);
    const face::Detection detection = Detect(picture);
    const face::Box& box = detection.box;
    const std::vector<face::MeshPoint> rough =
        Mesh(picture, detection.eye_left, detection.eye_right,
             {{box.left, box.top}, {box.left + box.width, box.top + box.height}});
    const auto eyes = face::LandmarksOf(rough);
    std::vector<face::Point> points;
    for (const face::MeshPoint& point : rough) points.push_back({point.x, point.y});
    const auto landmarks =
        face::LandmarksOf(Mesh(picture, eyes[face::kEyeLeft], eyes[face::kEyeRight], points));
    std::vector<float> joined;
    for (Embedder& embedder : embedders_) {
      const Part& part = embedder.part;
      const cv::Mat chip = part.kind == "face-box"
                               ? Warp(picture, BoxToPicture(box, part), part.input.width)
                               : Warp(picture, face::ChipToPicture(landmarks), face::kChipSize);
      for (const float value : Embed(&embedder, chip)) {
        joined.push_back(static_cast<float>(value * part.weight));
      }
    }
    return Unit(cv::Mat(joined));
  }

 private:
  struct Embedder {
    Part part;
    cv::dnn::Net net;
    std::vector<float> matrix;  // rows x output_size; empty: none
  };

  // An upright square round the face, as "face-box" embedders want it.
  static image::Affine BoxToPicture(const face::Box& box, const Part& part) {
    const double side = std::max(box.width, box.height) * part.chip_scale;
    const double scale = side / part.input.width;
    return {scale, 0,     box.left + (box.width - side) / 2,
            0,     scale, box.top + (box.height - side) / 2};
  }

  static std::vector<float> Embed(Embedder* embedder, const cv::Mat& chip) {
    const Part& part = embedder->part;
    const auto look = [&](const cv::Mat& input) {
      const auto outputs = Forward(embedder->net, part, input);
      const auto vector = std::ranges::find(outputs, static_cast<std::size_t>(part.output_size),
                                            [](const cv::Mat& output) { return output.total(); });
      return Unit(*vector);
    };
    std::vector<float> sum = look(chip);
    if (part.flip) {
      cv::Mat mirrored;
      cv::flip(chip, mirrored, 1);
      std::ranges::transform(sum, look(mirrored), sum.begin(), std::plus<>());
    }
    if (embedder->matrix.empty()) return Unit(cv::Mat(sum));
    const cv::Mat matrix(part.matrix_rows, part.output_size, CV_32F, embedder->matrix.data());
    return Unit(matrix * cv::Mat(Unit(cv::Mat(sum))));
  }

  static cv::dnn::Net Read(const Part& part) { return cv::dnn::readNet(part.file.string()); }

  static std::vector<cv::Mat> Forward(cv::dnn::Net& net, const Part& part, const cv::Mat& input) {
    const auto& mean = part.input.mean;
    // OpenCV takes the means in the order after swapping.
    net.setInput(cv::dnn::blobFromImage(input, part.input.scale[0], {}, {mean[0], mean[1], mean[2]},
                                        !part.input.bgr));
    std::vector<cv::Mat> outputs;
    net.forward(outputs, net.getUnconnectedOutLayersNames());
    return outputs;
  }

  face::Detection Detect(const cv::Mat& picture) {
    constexpr int kSquare = 256;
    std::vector<face::Detection> all;
    const double scale = double{kSquare} / kWidth;
    cv::Mat small, square;
    cv::resize(picture, small, {kSquare, static_cast<int>(kHeight * scale)});
    const int above = (kSquare - small.rows) / 2;
    cv::copyMakeBorder(small, square, above, kSquare - small.rows - above, 0, 0,
                       cv::BORDER_CONSTANT);
    Look(first_, square, scale, above, &all);
    // The border that rounding up leaves at right and bottom is stretched over instead.
    cv::resize(picture, small, {plan_.second_width, plan_.second_height});
    Look(second_, small, static_cast<double>(plan_.second_width) / kWidth, 0, &all);
    const auto best = face::Blend(std::move(all), 0.3F);
    if (best.empty()) {
      fmt::print(stderr, "OpenCV's detector finds no face in this photo\n");
      std::exit(1);
    }
    return *std::ranges::max_element(best, {}, [](const auto& d) { return d.box.area(); });
  }

  void Look(cv::dnn::Net& net, const cv::Mat& input, double scale, double above,
            std::vector<face::Detection>* all) {
    const auto outputs = Forward(net, detector_, input);
    std::vector<face::Detection> seen;
    for (const auto& [stride, anchors] : {std::pair{16, 2}, {32, 6}}) {
      face::BlazeGrid grid{input.cols / stride, input.rows / stride, stride, anchors, {}, {}};
      const auto cells = static_cast<std::size_t>(grid.columns * grid.rows * anchors);
      for (const cv::Mat& output : outputs) {
        const std::span values(output.ptr<float>(), output.total());
        if (values.size() == cells) grid.logits = values;
        if (values.size() == 16 * cells) grid.regressions = values;
      }
      face::ReadGrid(grid, 0.5F, &seen);
    }
    const auto back = [&](face::Point* point) {
      point->x = static_cast<float>(point->x / scale);
      point->y = static_cast<float>((point->y - above) / scale);
    };
    for (face::Detection& one : seen) {
      face::Point corner{one.box.left, one.box.top};
      for (face::Point* point : {&corner, &one.eye_left, &one.eye_right}) back(point);
      one.box = {corner.x, corner.y, static_cast<float>(one.box.width / scale),
                 static_cast<float>(one.box.height / scale)};
      all->push_back(one);
    }
  }

  // `to_picture` has pixel centres at one half, OpenCV's warp at whole numbers.
  static cv::Mat Warp(const cv::Mat& picture, const image::Affine& to_picture, int side) {
    const image::Affine map = image::Compose({1, 0, -0.5, 0, 1, -0.5},
                                             image::Compose(to_picture, {1, 0, 0.5, 0, 1, 0.5}));
    const cv::Matx23d matrix(map.a, map.b, map.c, map.d, map.e, map.f);
    cv::Mat chip;
    cv::warpAffine(picture, chip, matrix, {side, side}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
    return chip;
  }

  // The mesh in a square round `extent`, turned so that the eyes lie level.
  std::vector<face::MeshPoint> Mesh(const cv::Mat& picture, const face::Point& left,
                                    const face::Point& right,
                                    const std::vector<face::Point>& extent) {
    const double angle = std::atan2(right.y - left.y, right.x - left.x);
    const image::Affine turn{std::cos(angle), -std::sin(angle), 0,
                             std::sin(angle), std::cos(angle),  0};
    std::vector<face::Point> level;
    for (const auto& point : extent) level.push_back(face::Apply(image::Inverse(turn), point));
    const auto [low_x, high_x] = std::ranges::minmax(level, {}, &face::Point::x);
    const auto [low_y, high_y] = std::ranges::minmax(level, {}, &face::Point::y);
    const double side = 1.5 * std::max(high_x.x - low_x.x, high_y.y - low_y.y);
    const int pixels = landmarks_.input.width;
    const image::Affine to_picture =
        image::Compose(turn, {side / pixels, 0, (low_x.x + high_x.x - side) / 2, 0, side / pixels,
                              (low_y.y + high_y.y - side) / 2});
    std::vector<face::MeshPoint> mesh;
    for (const cv::Mat& output : Forward(mesh_, landmarks_, Warp(picture, to_picture, pixels))) {
      if (output.total() < 1000) continue;
      for (const float* p = output.ptr<float>(); mesh.size() < output.total() / 3; p += 3) {
        const face::Point at = face::Apply(to_picture, {p[0], p[1]});
        mesh.push_back({at.x, at.y, 0});
      }
    }
    return mesh;
  }

  static std::vector<float> Unit(const cv::Mat& vector) {
    const std::vector<float> values(vector.ptr<float>(), vector.ptr<float>() + vector.total());
    const double length =
        std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
    std::vector<float> unit;
    for (const float value : values) unit.push_back(static_cast<float>(value / length));
    return unit;
  }

  face::DetectPlan plan_;
  Part detector_, landmarks_;
  cv::dnn::Net first_, second_, mesh_;
  std::vector<Embedder> embedders_;
};

// Photos to take the person from, in order of preference.
std::vector<fs::path> Portraits(int argc, char** argv) {
  if (argc > 2) return {argv[2]};
  const fs::path folder = "../shared/data/lfw-dev/images";
  std::vector<fs::path> all;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".jpg") all.push_back(entry.path());
    }
  }
  std::ranges::sort(all);
  return all;
}

face::Network NetworkOf(const Part& part) {
  const Bytes onnx = OrDie(candid::models::ReadPartFile(part));
  return {OrDie(candid::infer::Model::Load(onnx, part.name)), part, candid::infer::BestPrecision(),
          std::make_shared<candid::infer::Arena>()};
}

// The first that shows one face and no more.
Bytes PhotoOfOne(const face::Pipeline& pipeline, const std::vector<fs::path>& portraits) {
  for (const fs::path& path : portraits) {
    Bytes file = OrDie(candid::bench::MakePhoto(OrDie(candid::ReadFile(path, 16u << 20)), kWidth));
    if (OrDie(pipeline.Detect(file)).faces().size() == 1) return file;
  }
  fmt::print(stderr, "no photo that shows one face\n");
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: pipeline_bench PACK.toml [PHOTO.jpg]\n");
    return 2;
  }
  cv::setNumThreads(1);
  const auto pack = OrDie(candid::models::ReadManifest(fs::absolute(argv[1])));
  const auto portraits = Portraits(argc, argv);
  if (portraits.empty()) {
    fmt::print("no photo given and no ../shared/data/lfw-dev here: pipeline not measured\n");
    return 0;
  }
  const auto pipeline = OrDie(face::Pipeline::Create(pack));
  const Bytes file = PhotoOfOne(*pipeline, portraits);
  OpenCvPipeline opencv(pack);

  face::Network detector = NetworkOf(pack.detector());
  face::Network landmarks = NetworkOf(pack.landmarks());
  const face::DetectPlan plan =
      face::PlanDetection(kWidth, kHeight, face::PipelineOptions().min_face_px);

  // Each stage by itself as well, as the pipeline's own timings go by the clock on the wall.
  enum Timed { kDecode, kDetect, kLandmarks, kEmbed, kOurs, kOpenCv, kTimed };
  std::vector<std::vector<double>> times(kTimed);
  std::vector<float> ours, theirs;
  for (int round = -2; round < kRounds; ++round) {
    image::Image picture;
    std::vector<face::Detection> detections;
    double ms[kTimed];
    ms[kDecode] = Milliseconds([&] { picture = *OrDie(image::Source::Open(file)).Decode(); });
    ms[kDetect] = Milliseconds([&] { detections = OrDie(Detect(detector, picture, plan)); });
    ms[kLandmarks] = Milliseconds([&] {
      for (const auto& one : detections) OrDie(FindLandmarks(landmarks, picture, one));
    });
    ms[kOurs] = Milliseconds([&] {
      const face::Photo photo = OrDie(pipeline->Detect(file));
      ms[kEmbed] = Milliseconds(
          [&] { ours = OrDie(pipeline->Embed(photo, std::array<std::size_t, 1>{0}))[0].values; });
    });
    ms[kOpenCv] = Milliseconds([&] { theirs = opencv.Run(file); });
    // The first rounds make sessions and fill caches.
    for (std::size_t t = 0; round >= 0 && t < kTimed; ++t) times[t].push_back(ms[t]);
  }

  std::vector<double> medians;
  for (const auto& of_one : times) medians.push_back(Median(of_one));
  const double whole = medians[kOurs];
  fmt::print("{} x {} JPEG of {} KiB, one face, {}, medians of {} rounds interleaved\n", kWidth,
             kHeight, file.size() >> 10, NameOf(candid::infer::BestPrecision()), kRounds);
  const auto line = [&](const char* name, double ms) {
    fmt::print("  {:9} {:8.2f} ms {:6.1f} %\n", name, ms, 100 * ms / whole);
  };
  line("decode", medians[kDecode]);
  line("detect", medians[kDetect]);
  line("landmarks", medians[kLandmarks]);
  line("embed", medians[kEmbed]);
  line("the rest", whole - std::reduce(medians.begin(), medians.begin() + kOurs));
  line("ours", whole);
  line("OpenCV", medians[kOpenCv]);
  fmt::print("  cosine of the two templates {:.4f}\n",
             std::inner_product(ours.begin(), ours.end(), theirs.begin(), 0.0));
}
