#include "candid/eval/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "candid/eval/document.h"

namespace candid::eval {
namespace {

constexpr double kWidth = 640, kHeight = 400;
constexpr double kLeft = 72, kRight = 28, kTop = 12, kBottom = 48;

std::string Open(double width, double height) {
  return fmt::format(
      "<svg viewBox=\"0 0 {0:.0f} {1:.0f}\" style=\"max-width:{0:.0f}px\" role=\"img\" "
      "xmlns=\"http://www.w3.org/2000/svg\">",
      width, height);
}

std::string Text(double x, double y, std::string_view anchor, std::string_view text,
                 std::string_view more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>", x, y, anchor,
                     more, EscapeHtml(text));
}

std::string Line(std::string_view kind, double x1, double y1, double x2, double y2) {
  return fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
                     kind, x1, y1, x2, y2);
}

// Where a value lies along an axis, 0 to 1.
double Place(const Axis& axis, double value) {
  const auto scale = [&](double v) {
    return axis.logarithmic ? std::log10(std::max(v, axis.least)) : v;
  };
  const double at = (scale(value) - scale(axis.least)) / (scale(axis.most) - scale(axis.least));
  return std::clamp(at, 0.0, 1.0);
}

std::vector<double> Ticks(const Axis& axis) {
  std::vector<double> ticks;
  if (axis.logarithmic) {
    const int first = static_cast<int>(std::ceil(std::log10(axis.least) - 1e-9));
    const int last = static_cast<int>(std::floor(std::log10(axis.most) + 1e-9));
    for (int power = first; power <= last; ++power) ticks.push_back(std::pow(10, power));
    return ticks;
  }
  for (int i = 0; i <= 5; ++i) ticks.push_back(axis.least + (axis.most - axis.least) * i / 5);
  return ticks;
}

std::string TickLabel(const Axis& axis, double value) {
  if (axis.logarithmic) {
    return value < 0.9e-4 ? ShowRate(value) : fmt::format("{:.3g} %", value * 100);
  }
  return fmt::format("{:.3g}", std::abs(value) < 1e-9 ? 0 : value);
}

// The area of a plot with its axes.
class Frame {
 public:
  Frame(Axis x, Axis y) : x_(std::move(x)), y_(std::move(y)) {}

  double X(double value) const { return kLeft + Place(x_, value) * (kWidth - kLeft - kRight); }
  double Y(double value) const {
    return kHeight - kBottom - Place(y_, value) * (kHeight - kTop - kBottom);
  }

  std::string Axes() const {
    std::string out;
    for (const double tick : Ticks(x_)) {
      out += Line("grid", X(tick), kTop, X(tick), kHeight - kBottom);
      out += Text(X(tick), kHeight - kBottom + 16, "middle", TickLabel(x_, tick));
    }
    for (const double tick : Ticks(y_)) {
      out += Line("grid", kLeft, Y(tick), kWidth - kRight, Y(tick));
      out += Text(kLeft - 6, Y(tick) + 4, "end", TickLabel(y_, tick));
    }
    out += Text((kLeft + kWidth - kRight) / 2, kHeight - 8, "middle", x_.title);
    out +=
        Text(14, (kTop + kHeight - kBottom) / 2, "middle", y_.title,
             fmt::format(" transform=\"rotate(-90 14 {:.1f})\"", (kTop + kHeight - kBottom) / 2));
    return out;
  }

 private:
  Axis x_, y_;
};

std::string Legend(const std::vector<std::string>& names) {
  std::string out;
  double y = kTop + 16;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    out += Line(fmt::format("line c{}", i % 6), kWidth - kRight - 36, y - 4, kWidth - kRight - 12,
                y - 4);
    out += Text(kWidth - kRight - 42, y, "end", names[i]);
    y += 18;
  }
  return out;
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string PlotCurves(const std::vector<Curve>& curves, const Axis& x, const Axis& y) {
  const Frame frame(x, y);
  std::string out = Open(kWidth, kHeight) + frame.Axes();
  std::vector<std::string> names;
  for (std::size_t c = 0; c < curves.size(); ++c) {
    names.push_back(curves[c].name);
    std::string upper, lower, line;
    for (const PlotPoint& p : curves[c].points) {
      if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
      line += fmt::format("{:.1f},{:.1f} ", frame.X(p.x), frame.Y(p.y));
      upper += fmt::format("{:.1f},{:.1f} ", frame.X(p.x), frame.Y(p.high));
      lower = fmt::format("{:.1f},{:.1f} ", frame.X(p.x), frame.Y(p.low)) + lower;
    }
    if (curves[c].band) {
      out += fmt::format("<polygon class=\"band c{}\" points=\"{}{}\"/>", c % 6, upper, lower);
    }
    out += fmt::format("<polyline class=\"line c{}\" points=\"{}\"/>", c % 6, line);
    for (const PlotPoint& p : curves[c].points) {
      if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
      out += fmt::format("<circle class=\"dot c{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>", c % 6,
                         frame.X(p.x), frame.Y(p.y));
    }
  }
  return out + Legend(names) + "</svg>";
}

std::string PlotHistograms(const std::vector<Histogram>& histograms, const Axis& x) {
  double most = 0;
  for (const Histogram& h : histograms) {
    for (const double share : h.shares) most = std::max(most, share);
  }
  const Axis y{"share of pairs", 0, most > 0 ? most : 1, false};
  const Frame frame(x, y);
  std::string out = Open(kWidth, kHeight) + frame.Axes();
  std::vector<std::string> names;
  for (std::size_t h = 0; h < histograms.size(); ++h) {
    names.push_back(histograms[h].name);
    const auto& shares = histograms[h].shares;
    std::string points = fmt::format("{:.1f},{:.1f} ", frame.X(x.least), frame.Y(0));
    const double width = (x.most - x.least) / static_cast<double>(shares.size());
    for (std::size_t i = 0; i < shares.size(); ++i) {
      const double from = x.least + width * static_cast<double>(i);
      points += fmt::format("{:.1f},{:.1f} {:.1f},{:.1f} ", frame.X(from), frame.Y(shares[i]),
                            frame.X(from + width), frame.Y(shares[i]));
    }
    points += fmt::format("{:.1f},{:.1f}", frame.X(x.most), frame.Y(0));
    out += fmt::format("<polygon class=\"fill c{}\" points=\"{}\"/>", h % 6, points);
  }
  return out + Legend(names) + "</svg>";
}

std::string PlotWhiskers(const std::vector<Whisker>& whiskers, const std::string& axis_title,
                         double mark) {
  constexpr double kRow = 24, kNames = 190;
  double least = mark > 0 ? mark : 1, most = least;
  for (const Whisker& w : whiskers) {
    for (const double v : {w.at.x, w.at.low, w.at.high}) {
      if (!(v > 0) || !std::isfinite(v)) continue;
      least = std::min(least, v);
      most = std::max(most, v);
    }
  }
  const Axis axis{axis_title, std::pow(10, std::floor(std::log10(least))),
                  std::pow(10, std::ceil(std::log10(std::min(most, 1.0)) - 1e-9)), true};
  const double height = kTop + kRow * static_cast<double>(whiskers.size()) + kBottom;
  const auto at = [&](double value) {
    return kNames + Place(axis, value) * (kWidth - kNames - kRight);
  };
  std::string out = Open(kWidth, height);
  for (const double tick : Ticks(axis)) {
    out += Line("grid", at(tick), kTop, at(tick), height - kBottom);
    out += Text(at(tick), height - kBottom + 16, "middle", TickLabel(axis, tick));
  }
  if (mark > 0) out += Line("mark", at(mark), kTop, at(mark), height - kBottom);
  for (std::size_t i = 0; i < whiskers.size(); ++i) {
    const Whisker& w = whiskers[i];
    const double y = kTop + kRow * (static_cast<double>(i) + 0.5);
    out += Text(kNames - 8, y + 4, "end", w.name);
    if (!std::isfinite(w.at.high)) continue;
    out += Line("line c0", at(w.at.low), y, at(w.at.high), y);
    if (!w.bound && std::isfinite(w.at.x)) {
      out += fmt::format("<circle class=\"dot c0\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>",
                         at(w.at.x), y);
    } else {
      out += Text(at(w.at.high) + 4, y + 4, "start", "\xE2\x97\x82");
    }
  }
  return out + Text((kNames + kWidth - kRight) / 2, height - 8, "middle", axis_title) + "</svg>";
}

std::string PlotHeatMap(const std::vector<std::string>& names,
                        const std::vector<std::vector<double>>& rates) {
  constexpr double kNames = 150, kTopNames = 100, kSlant = 60;  // kSlant: of the last name
  const double n = static_cast<double>(names.size());
  const double cell = std::min(64.0, (kWidth - kNames - kSlant) / std::max(n, 1.0));
  double least = 1, most = 0;
  for (const auto& row : rates) {
    for (const double rate : row) {
      if (!(rate > 0)) continue;
      least = std::min(least, rate);
      most = std::max(most, rate);
    }
  }
  std::string out = Open(kNames + cell * n + kSlant, kTopNames + cell * n + 8);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double along = cell * (static_cast<double>(i) + 0.5);
    const double at = kTopNames + along;
    out += Text(kNames - 6, at + 4, "end", names[i]);
    out += Text(
        kNames + along, kTopNames - 6, "start", names[i],
        fmt::format(" transform=\"rotate(-55 {:.1f} {:.1f})\"", kNames + along, kTopNames - 6));
    for (std::size_t j = 0; j < names.size(); ++j) {
      const double rate = rates[i][j];
      const double x = kNames + cell * static_cast<double>(j);
      const double share = !(rate > 0) ? 0
                           : most > least
                               ? 0.1 + 0.9 * std::log(rate / least) / std::log(most / least)
                               : 1;
      out += fmt::format(
          "<rect class=\"heat\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
          "fill-opacity=\"{:.2f}\"><title>{} / {}: {}</title></rect>",
          x, at - cell / 2, cell - 1, cell - 1, share, EscapeHtml(names[i]), EscapeHtml(names[j]),
          ShowRate(rate));
      if (cell >= 44 && !std::isnan(rate)) {
        out += Text(x + cell / 2, at + 4, "middle", ShowRate(rate),
                    share > 0.55 ? " class=\"on\"" : "");
      }
    }
  }
  return out + "</svg>";
}

}  // namespace candid::eval
