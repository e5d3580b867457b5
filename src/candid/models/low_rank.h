// LowRank: the few directions in which a linear map's outputs really lie.
#pragma once

#include <cstddef>
#include <vector>

namespace candid::models {

// Row-major.
struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;

  double& at(std::size_t row, std::size_t column) { return values[row * columns + column]; }
  double at(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
};

Matrix Multiply(const Matrix& a, const Matrix& b);

// The map's left singular vectors of the `rank` largest singular values, as rows (rank x map.rows),
// largest first; each with its largest entry positive, so that the answer is one. By Jacobi
// rotations of map * map^T (Golub and Van Loan, Matrix Computations, 4th edition, section 8.5), in
// double and in a fixed order: the same figures on every CPU.
Matrix LeadingDirections(const Matrix& map, std::size_t rank);

}  // namespace candid::models
