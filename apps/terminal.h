// What a person reads: tables.
#pragma once

#include <string>
#include <vector>

namespace candid::apps {

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, two blanks apart, header first; nothing after the last
// cell of a line. Cells of a shorter row are empty. Widths count code points, not bytes.
std::string FormatTable(const Row& header, const std::vector<Row>& rows);

// "1.5 GiB": binary units, one decimal above bytes.
std::string FormatBytes(double bytes);

}  // namespace candid::apps
