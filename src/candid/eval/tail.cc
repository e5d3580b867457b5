#include "candid/eval/tail.h"

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <limits>

namespace candid::eval {
namespace {

constexpr int kGrid = 32;
constexpr int kBits = 26;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The likelihood is a function of theta = shape / scale alone once the shape is the best for it:
// the mean of log(1 + theta x).
class Profile {
 public:
  explicit Profile(std::span<const Excess> excesses) : excesses_(excesses) {
    for (const Excess& e : excesses) {
      if (!(e.weight > 0)) continue;
      ++count_;
      weight_ += e.weight;
      mean_ += e.weight * e.by;
      most_ = std::max(most_, e.by);
    }
    mean_ /= weight_;
  }

  std::size_t count() const { return count_; }
  double weight() const { return weight_; }
  double mean() const { return mean_; }
  double most() const { return most_; }

  double Shape(double theta) const {
    double sum = 0;
    for (const Excess& e : excesses_) {
      if (e.weight > 0) sum += e.weight * std::log1p(theta * e.by);
    }
    return sum / weight_;
  }
  double Scale(double theta, double shape) const {
    return std::abs(theta) * mean_ < 1e-9 ? mean_ : shape / theta;
  }
  // The mean of -log of the density.
  double Cost(double theta) const {
    const double shape = Shape(theta);
    if (!(shape >= kLeastShape)) return kInfinity;
    return std::log(Scale(theta, shape)) + shape + 1;
  }

 private:
  const std::span<const Excess> excesses_;
  std::size_t count_ = 0;
  double weight_ = 0, mean_ = 0, most_ = 0;
};

}  // namespace

std::optional<decision::ParetoTail> FitTail(std::span<const Excess> excesses, double threshold,
                                            double trials) {
  const Profile profile(excesses);
  if (profile.count() < kLeastExcesses || !(profile.mean() > 0)) return {};
  // Theta lies above -1 / most, where the largest excess would be the end, and beyond 2 / mean no
  // tail of scores is that heavy.
  const double least = -1 / profile.most() * (1 - 1e-9), most = 2 / profile.mean();
  const double step = (most - least) / kGrid;
  double best = 0, cost = kInfinity;
  for (int i = 0; i <= kGrid; ++i) {
    const double theta = least + step * i;
    const double here = profile.Cost(theta);
    if (here < cost) {
      cost = here;
      best = theta;
    }
  }
  if (cost == kInfinity) return {};
  const double theta = boost::math::tools::brent_find_minima(
                           [&](double t) {
                             // Brent's parabolas want a number.
                             return std::min(profile.Cost(t), 1e6);
                           },
                           std::max(least, best - step), best + step, kBits)
                           .first;
  const double shape = profile.Shape(theta);
  return decision::ParetoTail{threshold, std::max(shape, kLeastShape), profile.Scale(theta, shape),
                              profile.weight() / trials};
}

}  // namespace candid::eval
