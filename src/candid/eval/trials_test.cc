#include "candid/eval/trials.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "candid/eval/testing_scores.h"

namespace candid::eval {
namespace {

// A third of the people have one picture, the others three.
std::vector<std::uint32_t> People(std::uint32_t count) {
  std::vector<std::uint32_t> subjects;
  for (std::uint32_t s = 0; s < count; ++s) subjects.insert(subjects.end(), s % 3 == 0 ? 1 : 3, s);
  return subjects;
}

TEST(TrialsTest, DrawsDisjointPeopleInThePublishedShares) {
  const auto subjects = People(600);
  const auto trials = DrawTrials(subjects, 7);
  ASSERT_TRUE(trials) << trials.error().message();
  ASSERT_EQ(trials->size(), kTrials);
  for (const Trial& trial : *trials) {
    std::set<std::uint32_t> people, enrolled, probed;
    for (const auto image : trial.test) people.insert(subjects[image]);
    EXPECT_EQ(people.size(), 600 - 600 * 1500 / 5749);  // 156 left out
    for (const auto image : trial.gallery) EXPECT_TRUE(enrolled.insert(subjects[image]).second);
    std::size_t several = 0;
    for (const auto person : people) several += person % 3 == 0 ? 0 : 1;
    EXPECT_EQ(enrolled.size(),
              static_cast<std::size_t>(static_cast<double>(several) * 1000 / kBlufrMated));
    EXPECT_EQ(trial.gallery.size() + trial.probes.size(), trial.test.size());
    for (const auto image : trial.probes) {
      EXPECT_EQ(std::count(trial.gallery.begin(), trial.gallery.end(), image), 0);
      probed.insert(subjects[image]);
    }
    EXPECT_EQ(probed, people);  // everyone enrolled has another picture
  }
  EXPECT_NE((*trials)[0].gallery, (*trials)[1].gallery);
  EXPECT_EQ((*DrawTrials(subjects, 7))[9].gallery, (*trials)[9].gallery);
  EXPECT_NE((*DrawTrials(subjects, 8))[9].gallery, (*trials)[9].gallery);
}

TEST(TrialsTest, TakesThePublishedNumbersForAsManyPeople) {
  const auto trials = DrawTrials(People(7000), 1);
  ASSERT_TRUE(trials);
  EXPECT_EQ(trials->front().gallery.size(), kBlufrGallery);
  std::set<std::uint32_t> people;
  const auto subjects = People(7000);
  for (const auto image : trials->front().test) people.insert(subjects[image]);
  EXPECT_EQ(people.size(), 7000 - kBlufrLeftOut);
}

// The definitions, one pair and one search at a time.
TrialFigures Slowly(const Trial& trial, const TestSet& set) {
  TrialFigures out;
  std::vector<float> mated, impostors;
  for (std::size_t x = 0; x < trial.test.size(); ++x) {
    for (std::size_t y = x + 1; y < trial.test.size(); ++y) {
      const auto a = trial.test[x], b = trial.test[y];
      (set.subjects[a] == set.subjects[b] ? mated : impostors).push_back(set.Score(a, b));
    }
  }
  const auto threshold = [](std::vector<float> scores, double rate) {
    std::sort(scores.begin(), scores.end(), std::greater());
    float least = std::nextafter(scores.front(), 9.0F);
    for (std::size_t i = 0; i < scores.size() && scores[i] != kNoScore; ++i) {
      const bool last_of_ties = i + 1 == scores.size() || scores[i + 1] != scores[i];
      const bool keeps =
          static_cast<double>(i + 1) <= rate * static_cast<double>(scores.size()) * (1 + 1e-12);
      if (last_of_ties && keeps) least = scores[i];
    }
    return least;
  };
  const float t = threshold(impostors, kBlufrVerificationFar);
  out.verification_threshold = t;
  out.verified = static_cast<double>(
                     std::count_if(mated.begin(), mated.end(), [t](float s) { return s >= t; })) /
                 static_cast<double>(mated.size());
  std::vector<float> best;
  for (const auto probe : trial.probes) {
    float most = kNoScore;
    bool enrolled = false;
    for (const auto entry : trial.gallery) {
      enrolled = enrolled || set.subjects[entry] == set.subjects[probe];
      most = std::max(most, set.Score(probe, entry));
    }
    if (!enrolled) best.push_back(most);
  }
  const float u = threshold(best, kBlufrSearchFar);
  out.search_threshold = u;
  double found = 0, searches = 0;
  for (const auto probe : trial.probes) {
    float mate = kNoScore, other = kNoScore;
    bool enrolled = false;
    for (const auto entry : trial.gallery) {
      const bool same = set.subjects[entry] == set.subjects[probe];
      enrolled = enrolled || same;
      (same ? mate : other) = std::max(same ? mate : other, set.Score(probe, entry));
    }
    searches += enrolled ? 1 : 0;
    found += enrolled && mate >= u && mate > other ? 1 : 0;
  }
  out.identified = found / searches;
  return out;
}

TEST(TrialsTest, MeasuresWhatTheDefinitionsSayWithTiesAndFailures) {
  for (const int steps : {3, 11}) {
    const TestSet set = RandomSet(600, 240, 24, 5, steps);
    // Rows on a coarse grid are not of unit length; scores are what is tested here.
    const auto trials = DrawTrials(set.subjects, 3);
    ASSERT_TRUE(trials) << trials.error().message();
    PairScores scores;
    for (std::uint32_t a = 0; a < set.size(); ++a) {
      for (std::uint32_t b = a + 1; b < set.size(); ++b) {
        const bool mated = set.subjects[a] == set.subjects[b];
        if (!mated && set.Score(a, b) == kNoScore) continue;
        (mated ? scores.mated : scores.tail).push_back({set.Score(a, b), a, b});
      }
    }
    const auto best = [](const ScoredPair& x, const ScoredPair& y) { return x.score > y.score; };
    std::sort(scores.mated.begin(), scores.mated.end(), best);
    std::sort(scores.tail.begin(), scores.tail.end(), best);
    const auto report = MeasureTrials(*trials, set.view(), scores, 2);
    ASSERT_TRUE(report) << report.error().message();
    double verified = 0, identified = 0;
    for (std::size_t t = 0; t < trials->size(); ++t) {
      const TrialFigures slow = Slowly((*trials)[t], set);
      EXPECT_EQ(report->trials[t].verification_threshold, slow.verification_threshold);
      EXPECT_DOUBLE_EQ(report->trials[t].verified, slow.verified);
      EXPECT_EQ(report->trials[t].search_threshold, slow.search_threshold);
      EXPECT_DOUBLE_EQ(report->trials[t].identified, slow.identified);
      verified += slow.verified / static_cast<double>(kTrials);
      identified += slow.identified / static_cast<double>(kTrials);
    }
    EXPECT_NEAR(report->verified.mean, verified, 1e-12);
    EXPECT_NEAR(report->identified.mean, identified, 1e-12);
    EXPECT_GT(report->verified.deviation, 0);
  }
}

TEST(TrialsTest, TooFewPeopleAreSaid) {
  EXPECT_FALSE(DrawTrials(People(12), 1));
  std::vector<std::uint32_t> alone(2000);
  for (std::uint32_t i = 0; i < alone.size(); ++i) alone[i] = i;
  const auto trials = DrawTrials(alone, 1);
  ASSERT_FALSE(trials);
  EXPECT_NE(trials.error().message().find("two pictures"), std::string::npos);
}

class ListedTrialsTest : public ::testing::Test {
 protected:
  ListedTrialsTest() {
    for (const char* name :
         {"ann/ann_1.jpg", "ann/ann_2.jpg", "bob/bob_1.jpg", "bob/x.jpg", "eve/x.jpg"}) {
      const std::string person(name, 3);
      data.images.push_back({{}, name, person == "ann" ? 0U : person == "bob" ? 1U : 2U});
    }
    data.subjects = 3;
  }
  Result<ListedTrials> Read(const std::string& rows) {
    const auto path = std::filesystem::path(::testing::TempDir()) / "blufr.tsv";
    std::ofstream(path) << "trial\trole\timage\n" << rows;
    return ReadTrials(path, data);
  }
  Dataset data;
};

TEST_F(ListedTrialsTest, ReadsNamesAndPaths) {
  const auto listed = Read(
      "1\tgallery\tann_1.jpg\n1\tprobe\tann/ann_2.jpg\n1\ttest\tbob/x.jpg\n"
      "2\tgallery\tbob_1.jpg\n2\tprobe\tgone.jpg\n2\tprobe\tx.jpg\n");
  ASSERT_TRUE(listed) << listed.error().message();
  ASSERT_EQ(listed->trials.size(), 2U);
  EXPECT_EQ(listed->trials[0].test, (std::vector<std::uint32_t>{0, 1, 3}));
  EXPECT_EQ(listed->trials[0].gallery, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(listed->trials[0].probes, (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(listed->missing, 2U);  // one is not there, one could be two
}

TEST_F(ListedTrialsTest, RefusesWhatContradictsItself) {
  for (const char* rows :
       {"1\tgalery\tann_1.jpg\n", "1\tgallery\tann_1.jpg\n1\tprobe\tann/ann_1.jpg\n",
        "1\tgallery\tann_1.jpg\n1\tgallery\tann_2.jpg\n"}) {
    const auto listed = Read(rows);
    ASSERT_FALSE(listed) << rows;
    EXPECT_EQ(listed.error().code(), Code::kMalformed);
  }
  const auto path = std::filesystem::path(::testing::TempDir()) / "none.tsv";
  std::ofstream(path) << "trial\timage\n";
  EXPECT_FALSE(ReadTrials(path, data));
}

}  // namespace
}  // namespace candid::eval
