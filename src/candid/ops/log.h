// The log: one line an event, as text for people or JSON for machines, on standard error. Lines
// carry ids, counts, times and error codes; never pictures, names, secrets or templates.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "candid/base/result.h"

namespace candid::ops {

enum class Level { kDebug, kInfo, kWarning, kError };

struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double> value;
};

// Thread-safe.
class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;

  // format: text or json; level: debug, info, warning or error (kInvalidArgument otherwise).
  static Result<std::unique_ptr<Log>> Create(const std::string& format, const std::string& level);
  // To a sink of the caller's, for tests; called under a lock.
  static Result<std::unique_ptr<Log>> CreateFor(const std::string& format, const std::string& level,
                                                Sink sink);
  ~Log();

  void Write(Level level, std::string_view event, std::initializer_list<Field> fields = {});

 private:
  struct State;
  explicit Log(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace candid::ops
