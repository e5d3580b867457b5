#include "candid/models/low_rank.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "candid/base/check.h"

namespace candid::models {
namespace {

constexpr int kMaxSweeps = 60;

// Turns rows and columns p and q of the symmetric `a` so that a(p, q) vanishes, and the rows of
// `vectors` with them.
void Rotate(Matrix* a, Matrix* vectors, std::size_t p, std::size_t q) {
  const double off = a->at(p, q);
  if (off == 0) return;
  const double theta = (a->at(q, q) - a->at(p, p)) / (2 * off);
  const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
  const double c = 1 / std::sqrt(t * t + 1);
  const double s = t * c;
  const std::size_t n = a->rows;
  for (std::size_t k = 0; k < n; ++k) {
    const double kp = a->at(k, p), kq = a->at(k, q);
    a->at(k, p) = c * kp - s * kq;
    a->at(k, q) = s * kp + c * kq;
  }
  for (std::size_t k = 0; k < n; ++k) {
    const double pk = a->at(p, k), qk = a->at(q, k);
    a->at(p, k) = c * pk - s * qk;
    a->at(q, k) = s * pk + c * qk;
    const double vp = vectors->at(p, k), vq = vectors->at(q, k);
    vectors->at(p, k) = c * vp - s * vq;
    vectors->at(q, k) = s * vp + c * vq;
  }
}

double OffDiagonal(const Matrix& a) {
  double sum = 0;
  for (std::size_t p = 0; p < a.rows; ++p) {
    for (std::size_t q = p + 1; q < a.rows; ++q) sum += a.at(p, q) * a.at(p, q);
  }
  return sum;
}

Matrix Transpose(const Matrix& a) {
  Matrix t{a.columns, a.rows, std::vector<double>(a.values.size())};
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < a.columns; ++j) t.at(j, i) = a.at(i, j);
  }
  return t;
}

}  // namespace

Matrix Multiply(const Matrix& a, const Matrix& b) {
  CANDID_CHECK(a.columns == b.rows);
  Matrix product{a.rows, b.columns, std::vector<double>(a.rows * b.columns)};
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t k = 0; k < a.columns; ++k) {
      for (std::size_t j = 0; j < b.columns; ++j) product.at(i, j) += a.at(i, k) * b.at(k, j);
    }
  }
  return product;
}

Matrix LeadingDirections(const Matrix& map, std::size_t rank) {
  CANDID_CHECK(rank <= map.rows);
  const std::size_t n = map.rows;
  Matrix a = Multiply(map, Transpose(map));
  Matrix vectors{n, n, std::vector<double>(n * n)};
  double trace = 0;
  for (std::size_t i = 0; i < n; ++i) vectors.at(i, i) = 1, trace += a.at(i, i);
  for (int sweep = 0; sweep < kMaxSweeps && OffDiagonal(a) > 1e-28 * trace * trace; ++sweep) {
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) Rotate(&a, &vectors, p, q);
    }
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return a.at(i, i) > a.at(j, j); });
  Matrix leading{rank, n, std::vector<double>(rank * n)};
  for (std::size_t i = 0; i < rank; ++i) {
    const double* row = vectors.values.data() + order[i] * n;
    const double largest = *std::max_element(
        row, row + n, [](double x, double y) { return std::abs(x) < std::abs(y); });
    for (std::size_t k = 0; k < n; ++k) leading.at(i, k) = largest < 0 ? -row[k] : row[k];
  }
  return leading;
}

}  // namespace candid::models
