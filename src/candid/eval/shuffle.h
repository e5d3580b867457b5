// Shuffle: Fisher and Yates; std::shuffle differs between libraries.
#pragma once

#include <random>
#include <utility>
#include <vector>

namespace candid::eval {

template <typename T>
void Shuffle(std::mt19937_64& random, std::vector<T>* items) {
  for (std::size_t i = items->size(); i > 1; --i)
    std::swap((*items)[i - 1], (*items)[random() % i]);
}

}  // namespace candid::eval
