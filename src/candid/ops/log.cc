#include "candid/ops/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cmath>
#include <mutex>
#include <optional>

namespace candid::ops {
namespace {

std::optional<spdlog::level::level_enum> LevelOf(const std::string& name) {
  if (name == "debug") return spdlog::level::debug;
  if (name == "info") return spdlog::level::info;
  if (name == "warning") return spdlog::level::warn;
  if (name == "error") return spdlog::level::err;
  return std::nullopt;
}

spdlog::level::level_enum LevelOf(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      break;
  }
  return spdlog::level::err;
}

// Quoted, with everything that could break a line or a terminal escaped.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\u{:04x}", byte);
    } else {
      quoted.push_back(c);
    }
  }
  quoted.push_back('"');
  return quoted;
}

std::string ValueText(const Field& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) return Quoted(*text);
  if (const auto* number = std::get_if<double>(&field.value)) {
    return std::isfinite(*number) ? fmt::format("{:.6g}", *number) : "null";
  }
  return fmt::format("{}", std::get<std::int64_t>(field.value));
}

}  // namespace

struct Log::State {
  State(spdlog::sink_ptr sink, bool as_json, spdlog::level::level_enum level)
      : json(as_json), logger("candid", std::move(sink)) {
    logger.set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                            : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                       spdlog::pattern_time_type::utc);
    logger.set_level(level);
    logger.flush_on(spdlog::level::debug);
  }

  bool json;
  spdlog::logger logger;
};

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {}
Log::~Log() = default;

namespace {

template <typename Make>
auto Checked(const std::string& format, const std::string& level, Make make)
    -> decltype(make(true, spdlog::level::info)) {
  const auto threshold = LevelOf(level);
  if (!threshold) {
    return Fail(Code::kInvalidArgument,
                "log level '" + level + "' is not debug, info, warning or error");
  }
  if (format != "text" && format != "json") {
    return Fail(Code::kInvalidArgument, "log format '" + format + "' is not text or json");
  }
  return make(format == "json", *threshold);
}

}  // namespace

Result<std::unique_ptr<Log>> Log::Create(const std::string& format, const std::string& level) {
  return Checked(format, level, [](bool json, auto threshold) -> Result<std::unique_ptr<Log>> {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    return std::unique_ptr<Log>(new Log(std::make_unique<State>(sink, json, threshold)));
  });
}

Result<std::unique_ptr<Log>> Log::CreateFor(const std::string& format, const std::string& level,
                                            Sink write) {
  return Checked(format, level, [&](bool json, auto threshold) -> Result<std::unique_ptr<Log>> {
    struct FormattingSink : spdlog::sinks::base_sink<std::mutex> {
      explicit FormattingSink(Sink s) : write(std::move(s)) {}
      void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        write({line.data(), line.size()});
      }
      void flush_() override {}
      Sink write;
    };
    auto sink = std::make_shared<FormattingSink>(std::move(write));
    return std::unique_ptr<Log>(new Log(std::make_unique<State>(sink, json, threshold)));
  });
}

void Log::Write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!state_->logger.should_log(LevelOf(level))) return;
  std::string line = state_->json ? "\"event\":" + Quoted(event) : std::string(event);
  for (const Field& field : fields) {
    line +=
        state_->json ? fmt::format(",{}:", Quoted(field.name)) : fmt::format(" {}=", field.name);
    line += ValueText(field);
  }
  state_->logger.log(LevelOf(level), "{}", line);
}

}  // namespace candid::ops
