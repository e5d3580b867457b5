// TestingDisk: the disk under SQLite, for tests: it fills up, and it knows what is not synced yet.
#pragma once

#include <set>
#include <string>

namespace candid::store {

// Stands between SQLite and the files from its making to its end. One at a time.
class TestingDisk {
 public:
  TestingDisk();
  ~TestingDisk();
  TestingDisk(const TestingDisk&) = delete;
  TestingDisk& operator=(const TestingDisk&) = delete;

  // After so many more writes there is no room for another.
  void FillAfter(int writes);
  void MakeRoom();

  // Names of the files that were written since they were last synced.
  std::set<std::string> Unsynced() const;
};

}  // namespace candid::store
