// Tsv: a table of tab-separated text with a header line, as labels of a data set come.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "candid/base/result.h"

namespace candid::eval {

struct Tsv {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as long as columns

  std::optional<std::size_t> Column(std::string_view name) const;
};

inline constexpr std::size_t kMaxTsvBytes = std::size_t{64} << 20;

// UTF-8, lines ended by LF or CRLF, a byte-order mark and empty lines left out, blanks around a
// cell taken away. No quoting: a cell holds no tab. kMalformed, with the line: a row of another
// length than the header, a column without a name or twice; kNotFound, kTooLarge, kIo as ReadFile.
Result<Tsv> ReadTsv(const std::filesystem::path& path);

// `name` stands for the file in messages.
Result<Tsv> ParseTsv(std::string_view text, std::string_view name);

}  // namespace candid::eval
