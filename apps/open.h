// Open: what lies in the state folder, for the commands that work on it.
#pragma once

#include <memory>

#include "apps/command.h"
#include "candid/collections/collections.h"
#include "candid/decision/scale.h"
#include "candid/face/pipeline.h"
#include "candid/models/pack.h"
#include "candid/store/store.h"

namespace candid::apps {

// The manifest of the pack in use. kUnavailable: no pack, with the remedy.
Result<models::Pack> PackInUse(const Context& context);

// What the pack's calibration table says its scores stand for. Without a table, or with one that is
// damaged or another pack's: the provisional scale, and a line on standard error that says so.
decision::Scale ScaleOf(const models::Pack& pack);

// The pack in use, its networks read and ready.
Result<std::unique_ptr<face::Pipeline>> OpenPipeline(const Context& context);

// Collections with what they stand on; in this order, as each uses those before it.
struct Workplace {
  std::unique_ptr<store::Store> store;
  std::unique_ptr<face::Pipeline> pipeline;
  std::unique_ptr<collections::Collections> collections;
};

enum class Need {
  kPhotos,   // networks too
  kRecords,  // no pixels: the pack's manifest is enough
};

// kConflict: a server (or another command) holds the folder that is to be written; names its
// process and the remedy.
Result<Workplace> OpenWorkplace(const Context& context, store::Access access, Need need,
                                collections::Options options = {});

}  // namespace candid::apps
