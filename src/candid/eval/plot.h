// Plot: figures of a report as SVG text. Colours are classes that the page's style sheet sets, so
// that one figure serves light, dark and paper. The same data gives the same bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace candid::eval {

// < > & " as a page's text or attribute may hold them.
std::string EscapeHtml(std::string_view text);

struct PlotPoint {
  double x = 0;
  double y = 0;
  double low = 0;  // of y
  double high = 0;
};

struct Axis {
  std::string title;
  double least = 0;
  double most = 1;
  bool logarithmic = false;  // ticks at powers of ten; bounds above 0
};

struct Curve {
  std::string name;  // empty: no legend
  std::vector<PlotPoint> points;
  bool band = false;  // low to high shaded
};

// Points outside the axes are moved to their edge; those whose x or y is not finite are left out.
std::string PlotCurves(const std::vector<Curve>& curves, const Axis& x, const Axis& y);

// Shares of each of several sets by score, as filled steps.
struct Histogram {
  std::string name;
  std::vector<double> shares;  // of equal widths over the x axis
};
std::string PlotHistograms(const std::vector<Histogram>& histograms, const Axis& x);

// A row for each name with its rate and interval on a logarithmic axis; `mark` draws a line at
// one value.
struct Whisker {
  std::string name;
  PlotPoint at;        // x: the figure; low to high: its interval
  bool bound = false;  // nothing was seen; high is an upper bound
};
std::string PlotWhiskers(const std::vector<Whisker>& whiskers, const std::string& axis_title,
                         double mark);

// A square of rates, stronger for higher ones on a logarithmic scale; NaN is left blank.
std::string PlotHeatMap(const std::vector<std::string>& names,
                        const std::vector<std::vector<double>>& rates);

}  // namespace candid::eval
