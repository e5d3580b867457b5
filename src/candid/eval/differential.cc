#include "candid/eval/differential.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "candid/eval/proportion.h"

namespace candid::eval {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kLevel = 0.05;
constexpr double kPower = 0.8;

double StandardDeviation(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / (n - 1));
}

double Gini(const std::vector<double>& x) {
  const double n = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  if (mean == 0) return 0;
  double sum = 0;
  for (const double a : x) {
    for (const double b : x) sum += std::abs(a - b);
  }
  return n / (n - 1) * sum / (2 * n * n * mean);
}

// Corrects p-values of several tests: Holm 1979.
void Holm(std::vector<GroupTest*> tests) {
  std::sort(tests.begin(), tests.end(),
            [](const GroupTest* a, const GroupTest* b) { return a->p_holm < b->p_holm; });
  double floor = 0;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const double left = static_cast<double>(tests.size() - i);
    floor = std::max(floor, std::min(1.0, tests[i]->p_holm * left));
    tests[i]->p_holm = floor;
  }
}

}  // namespace

Differentials Differ(std::span<const Rate> groups) {
  std::vector<double> rates, positive, logs;
  Differentials out;
  for (const Rate& group : groups) {
    if (!(group.trials > 0)) continue;
    rates.push_back(group.value());
    positive.push_back(group.errors > 0 ? group.value() : group.shrunk());
    logs.push_back(std::log(positive.back()));
    out.zero = out.zero || group.errors == 0;
  }
  if (rates.size() < 2) return {kNone, kNone, kNone, kNone, kNone, kNone, out.zero};
  const double n = static_cast<double>(rates.size());
  const double largest = *std::max_element(positive.begin(), positive.end());
  out.max_over_min = largest / *std::min_element(positive.begin(), positive.end());
  out.max_minus_min =
      *std::max_element(rates.begin(), rates.end()) - *std::min_element(rates.begin(), rates.end());
  out.max_over_geomean = largest / std::exp(std::accumulate(logs.begin(), logs.end(), 0.0) / n);
  out.max_over_mean = largest / (std::accumulate(positive.begin(), positive.end(), 0.0) / n);
  out.log_spread = std::exp(StandardDeviation(logs));
  out.gini = Gini(rates);
  return out;
}

Fairness Judge(const Differentials& fmr, const Differentials& fnmr) {
  const double a = kFairnessAlpha;
  return {1 - (a * fmr.max_minus_min + (1 - a) * fnmr.max_minus_min),
          std::pow(fmr.max_over_min, a) * std::pow(fnmr.max_over_min, 1 - a),
          a * fmr.gini + (1 - a) * fnmr.gini};
}

std::vector<GroupTest> CompareGroups(std::span<const Rate> groups, std::size_t reference,
                                     const std::vector<std::vector<Rate>>& replicates) {
  std::vector<GroupTest> tests(groups.size());
  std::vector<GroupTest*> compared;
  std::vector<double> errors(groups.size());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    GroupTest& test = tests[g];
    if (!(groups[g].errors > 0) || !(groups[reference].errors > 0)) {
      test = {kNone, {kNone, kNone}, kNone, kNone};
      continue;
    }
    if (g == reference) {
      test.interval = {1, 1};
      continue;
    }
    std::vector<double> logs, ratios;
    for (const auto& replicate : replicates) {
      ratios.push_back(replicate[g].shrunk() / replicate[reference].shrunk());
      logs.push_back(std::log(ratios.back()));
    }
    test.ratio = groups[g].shrunk() / groups[reference].shrunk();
    test.interval = PercentileInterval(std::move(ratios));
    errors[g] = logs.size() < 2 ? kNone : StandardDeviation(logs);
    test.p_holm = errors[g] > 0 ? TwoSided(std::log(test.ratio) / errors[g]) : 1;
    compared.push_back(&test);
  }
  Holm(compared);
  const double z = compared.empty()
                       ? 0
                       : NormalQuantile(1 - kLevel / 2 / static_cast<double>(compared.size())) +
                             NormalQuantile(kPower);
  for (GroupTest* test : compared) {
    test->detectable_ratio = std::exp(z * errors[static_cast<std::size_t>(test - tests.data())]);
  }
  return tests;
}

}  // namespace candid::eval
