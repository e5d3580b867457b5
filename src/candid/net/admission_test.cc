#include "candid/net/admission.h"

#include <gtest/gtest.h>

namespace candid::net {
namespace {

using std::chrono::milliseconds;
using Time = Admission::Clock::time_point;

class AdmissionTest : public testing::Test {
 protected:
  bool Admit(std::size_t kind = 0) { return admission_.Admit(kind, Time::max(), now_); }
  // One request of that kind from beginning to end.
  void Do(std::size_t kind, milliseconds takes, bool typical = true) {
    admission_.Begin(kind, now_);
    const Time begun = now_;
    now_ += takes;
    admission_.End(kind, begun, typical, now_);
  }
  void Learn(std::size_t kind, milliseconds takes) {
    ASSERT_TRUE(Admit(kind));
    Do(kind, takes);
  }
  double wait() const { return admission_.ExpectedWait(now_).count(); }

  Time now_{std::chrono::hours(1)};
  Admission admission_{
      {.workers = 2, .queue_limit = 100, .patience = milliseconds(1020), .kinds = 2}};
};

TEST_F(AdmissionTest, ExpectsWhatWasMeasured) {
  EXPECT_EQ(wait(), 0);
  Learn(0, milliseconds(100));
  Learn(1, milliseconds(10));
  ASSERT_TRUE(Admit(0));
  EXPECT_EQ(wait(), 0) << "a worker is free";
  admission_.Begin(0, now_);
  ASSERT_TRUE(Admit(0));
  EXPECT_NEAR(wait(), 0.1, 1e-9);
  ASSERT_TRUE(Admit(1));
  EXPECT_NEAR(wait(), 0.105, 1e-9);
  now_ += milliseconds(60);
  EXPECT_NEAR(wait(), 0.075, 1e-9);
  now_ += milliseconds(500);  // late: what it still takes nobody knows
  EXPECT_NEAR(wait(), 0.055, 1e-9);
}

TEST_F(AdmissionTest, AveragesWhatIsTypical) {
  Learn(0, milliseconds(100));
  ASSERT_TRUE(Admit());
  Do(0, milliseconds(180));
  ASSERT_TRUE(Admit());
  Do(0, milliseconds(0), false);
  ASSERT_TRUE(Admit());
  ASSERT_TRUE(Admit());
  EXPECT_NEAR(wait(), 0.110, 1e-9);
}

TEST_F(AdmissionTest, RefusesWhatCouldNotBeginInTime) {
  Learn(0, milliseconds(100));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Admit());
  EXPECT_NEAR(wait(), 0.5, 1e-9);
  EXPECT_FALSE(admission_.Admit(0, now_ + milliseconds(499), now_));
  EXPECT_FALSE(admission_.Admit(0, now_ - milliseconds(1), now_));
  EXPECT_FALSE(admission_.strained()) << "a client's haste is its own affair";
  EXPECT_TRUE(admission_.Admit(0, now_ + milliseconds(501), now_));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Admit());
  EXPECT_NEAR(wait(), 1.05, 1e-9);
  EXPECT_FALSE(Admit());
  EXPECT_TRUE(admission_.strained());
}

TEST_F(AdmissionTest, HoldsTheLengthOfTheQueue) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Admit());
  EXPECT_FALSE(Admit());
}

TEST_F(AdmissionTest, KeepsTheQueueShortWhileMoreComesThanCanBeDone) {
  Learn(0, milliseconds(100));
  const auto live = [this](int tenths, int come) {
    for (int i = 0; i < tenths; ++i) {
      for (int j = 0; j < come; ++j) (void)Admit();
      Do(0, milliseconds(100));
    }
  };
  live(5, 4);
  EXPECT_FALSE(admission_.strained()) << "the queue takes a burst";
  EXPECT_GT(wait(), 0.5);
  live(45, 4);
  EXPECT_TRUE(admission_.strained());
  EXPECT_LE(wait(), 0.16);
  EXPECT_GE(wait(), 0.09) << "enough to keep the workers busy";
  live(25, 1);
  EXPECT_FALSE(admission_.strained());
}

TEST_F(AdmissionTest, ForgetsAFloodWhileNothingComes) {
  Learn(0, milliseconds(100));
  for (int i = 0; i < 100; ++i) (void)Admit();
  ASSERT_TRUE(admission_.strained());
  while (wait() > 0) Do(0, milliseconds(10));
  now_ += milliseconds(2100);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(Admit()) << "the queue takes a burst again";
}

}  // namespace
}  // namespace candid::net
