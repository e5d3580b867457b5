// Source: where a picture lies that a request names instead of carrying it.
#pragma once

#include <cstdint>
#include <string>

#include "candid/base/bytes.h"

namespace candid::objects {

struct ObjectName {
  std::string bucket;
  std::string key;      // any bytes, "/" between its parts
  std::string version;  // empty: the newest
};

class Source {
 public:
  virtual ~Source() = default;

  // The object, whole, within the time that the source was given. No more than `max_bytes` are ever
  // held: kTooLarge. kNotFound: no such bucket, object or version; kDenied: it may not be read;
  // kInvalidArgument: a name that no object can have here; kExhausted: too many at once;
  // kUnavailable: the store is out of reach, too slow or makes no sense. Messages are for the log:
  // they never hold the object's key, which may be somebody's name. Thread-safe.
  virtual Result<Bytes> Read(const ObjectName& name, std::uint64_t max_bytes) const = 0;
};

// kInvalidArgument for a key with an empty, "." or ".." part or a zero byte: stores and file
// systems resolve those, each in its own way, to something that the caller did not name.
Status CheckKey(const std::string& key);

}  // namespace candid::objects
