#include "candid/ops/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <vector>

namespace candid::ops {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                          0.1,   0.25,   0.5,   1,    2.5,   10};

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("candid_requests_total")
          .Help("Requests answered, by operation and outcome")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& request_seconds =
      prometheus::BuildHistogram()
          .Name("candid_request_seconds")
          .Help("From the whole request to the finished answer, by operation")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& refusals =
      prometheus::BuildCounter()
          .Name("candid_refusals_total")
          .Help("Requests refused before they were read, by outcome")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& faces = prometheus::BuildCounter()
                                                       .Name("candid_faces_total")
                                                       .Help("Faces, by what became of them")
                                                       .Register(registry);
  struct ReadGauge {
    prometheus::Gauge& gauge;
    std::function<double()> read;
  };
  mutable std::mutex mutex;  // of gauges
  std::vector<ReadGauge> gauges;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::CountRequest(const std::string& operation, const std::string& outcome,
                           double seconds) {
  state_->requests.Add({{"operation", operation}, {"outcome", outcome}}).Increment();
  state_->request_seconds.Add({{"operation", operation}}, kSeconds).Observe(seconds);
}

void Metrics::CountRefusal(const std::string& outcome) {
  state_->refusals.Add({{"outcome", outcome}}).Increment();
}

void Metrics::ObserveStage(const std::string& stage, double seconds) {
  prometheus::BuildHistogram()
      .Name("candid_" + stage + "_seconds")
      .Help("Time of the stage " + stage + " for one picture or probe")
      .Register(state_->registry)
      .Add({}, kSeconds)
      .Observe(seconds);
}

void Metrics::CountFaces(const std::string& kind, std::size_t count) {
  state_->faces.Add({{"kind", kind}}).Increment(static_cast<double>(count));
}

void Metrics::AddGauge(const std::string& name, const std::string& text,
                       std::function<double()> read) {
  auto& gauge = prometheus::BuildGauge().Name(name).Help(text).Register(state_->registry).Add({});
  std::lock_guard lock(state_->mutex);
  state_->gauges.push_back({gauge, std::move(read)});
}

std::string Metrics::Render() const {
  {
    std::lock_guard lock(state_->mutex);
    for (const auto& entry : state_->gauges) entry.gauge.Set(entry.read());
  }
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace candid::ops
