#include "apps/open.h"

#include <cstdio>

#include "candid/base/files.h"
#include "candid/models/shelf.h"

namespace candid::apps {

Result<models::Pack> PackInUse(const Context& context) {
  return models::Shelf(context.state / "models").Active();
}

decision::Scale ScaleOf(const models::Pack& pack) {
  if (pack.calibration.empty()) return {};
  const auto read = [&]() -> Result<decision::Scale> {
    CANDID_ASSIGN(const Bytes text, ReadFile(pack.calibration, models::kMaxCalibrationBytes));
    CANDID_ASSIGN(auto table, decision::ParseCalibration(text, pack.calibration.string()));
    if (table.model_hash != pack.Hash()) {
      return Fail(Code::kConflict, pack.calibration.string() +
                                       " was made with another pack: run `candid calibrate` again");
    }
    return decision::Scale(std::move(table));
  }();
  if (read) return *read;
  std::fprintf(stderr, "candid: %s; similarities are provisional and no error rates are stated\n",
               read.error().message().c_str());
  return {};
}

Result<std::unique_ptr<face::Pipeline>> OpenPipeline(const Context& context) {
  CANDID_ASSIGN(const models::Pack pack, PackInUse(context));
  return face::Pipeline::Create(pack);
}

Result<Workplace> OpenWorkplace(const Context& context, store::Access access, Need need,
                                collections::Options options) {
  Workplace workplace;
  CANDID_ASSIGN(const models::Pack pack, PackInUse(context));
  CANDID_ASSIGN(workplace.store, store::Store::Open(context.state, {.access = access}));
  if (need == Need::kPhotos) {
    CANDID_ASSIGN(workplace.pipeline, face::Pipeline::Create(pack));
  }
  options.scale = ScaleOf(pack);
  workplace.collections = std::make_unique<collections::Collections>(
      *workplace.store, workplace.pipeline.get(), collections::IdentityOf(pack), options);
  return workplace;
}

}  // namespace candid::apps
