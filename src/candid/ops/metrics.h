// Metrics in Prometheus' text form. Label sets are closed: an operation is one of those served or
// "other", an outcome is an exception's name of the one table, a stage is one of the pipeline's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace candid::ops {

// Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  // candid_requests_total{operation,outcome} and candid_request_seconds{operation}.
  void CountRequest(const std::string& operation, const std::string& outcome, double seconds);
  // candid_refusals_total{outcome}: what the server answered without reading the request.
  void CountRefusal(const std::string& outcome);
  // candid_<stage>_seconds.
  void ObserveStage(const std::string& stage, double seconds);
  // candid_faces_total{kind}: found, indexed.
  void CountFaces(const std::string& kind, std::size_t count);
  // A gauge read when the page is rendered.
  void AddGauge(const std::string& name, const std::string& text, std::function<double()> read);

  // The page of GET /metrics.
  std::string Render() const;

  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace candid::ops
