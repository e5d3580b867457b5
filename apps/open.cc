#include "apps/open.h"

#include "candid/models/shelf.h"

namespace candid::apps {

Result<models::Pack> PackInUse(const Context& context) {
  return models::Shelf(context.state / "models").Active();
}

Result<std::unique_ptr<face::Pipeline>> OpenPipeline(const Context& context) {
  CANDID_ASSIGN(const models::Pack pack, PackInUse(context));
  return face::Pipeline::Create(pack);
}

Result<Workplace> OpenWorkplace(const Context& context, store::Access access, Need need,
                                const collections::Options& options) {
  Workplace workplace;
  CANDID_ASSIGN(const models::Pack pack, PackInUse(context));
  CANDID_ASSIGN(workplace.store, store::Store::Open(context.state, {.access = access}));
  if (need == Need::kPhotos) {
    CANDID_ASSIGN(workplace.pipeline, face::Pipeline::Create(pack));
  }
  workplace.collections = std::make_unique<collections::Collections>(
      *workplace.store, workplace.pipeline.get(), collections::IdentityOf(pack), options);
  return workplace;
}

}  // namespace candid::apps
