// Words: texts that hold no space, laid down as one text with a space between them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace candid {

std::string JoinWords(const std::vector<std::string>& words);
// The words of JoinWords; none of an empty text.
std::vector<std::string> SplitWords(std::string_view text);

}  // namespace candid
