#include "candid/api/input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>

namespace candid::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Expected<Input> Parse(std::string_view operation, std::string_view body) {
  return Input::Parse(body, *SchemaOf(operation));
}

std::string Refusal(std::string_view operation, std::string_view body) {
  const auto input = Parse(operation, body);
  return input ? "accepted" : input.error().type + ": " + input.error().message;
}

TEST(Input, GivesValuesAndDefaults) {
  const auto input = Parse("SearchFaces",
                           R"({"CollectionId":"c","FaceId":"00000000-0000-4000-8000-000000000000",
                               "FaceMatchThreshold":90.0,"MaxFaces":null,"Unknown":[1]})");
  ASSERT_TRUE(input) << input.error().message;
  EXPECT_EQ(input->Text("CollectionId"), "c");
  EXPECT_EQ(input->Number("FaceMatchThreshold"), 90);
  EXPECT_EQ(input->Number("MaxFaces"), 100);
  EXPECT_FALSE(input->Has("MaxFaces"));
}

TEST(Input, DefaultsAreTheServices) {
  constexpr char kImages[] =
      R"({"CollectionId":"c","Image":{},"SourceImage":{},"TargetImage":{},
          "FaceId":"00000000-0000-4000-8000-000000000000"})";
  EXPECT_EQ(Parse("IndexFaces", kImages)->Text("QualityFilter"), "AUTO");
  EXPECT_EQ(Parse("CompareFaces", kImages)->Text("QualityFilter"), "NONE");
  EXPECT_EQ(Parse("CompareFaces", kImages)->Number("SimilarityThreshold"), 80);
  EXPECT_EQ(Parse("SearchFacesByImage", kImages)->Text("QualityFilter"), "NONE");
  for (const char* search : {"SearchFaces", "SearchFacesByImage"}) {
    EXPECT_EQ(Parse(search, kImages)->Number("FaceMatchThreshold"), 80);
    EXPECT_EQ(Parse(search, kImages)->Number("MaxFaces"), 100);
  }
  for (const char* list : {"ListFaces", "ListCollections"}) {
    EXPECT_EQ(Parse(list, kImages)->Number("MaxResults"), 1000);
  }
}

TEST(Input, TheLastOfADoubledMemberCounts) {
  const auto input = Parse("DeleteCollection", R"({"CollectionId":"a","CollectionId":"b"})");
  ASSERT_TRUE(input);
  EXPECT_EQ(input->Text("CollectionId"), "b");
}

TEST(Input, QuotesConstraintsInAmazonsWords) {
  EXPECT_EQ(Refusal("DeleteCollection", "{}"),
            "ValidationException: 1 validation error detected: Value null at 'collectionId' failed "
            "to satisfy constraint: Member must not be null");
  EXPECT_EQ(Refusal("DeleteCollection", R"({"CollectionId":"bad id!"})"),
            "ValidationException: 1 validation error detected: Value 'bad id!' at 'collectionId' "
            "failed to satisfy constraint: Member must satisfy regular expression pattern: "
            "[a-zA-Z0-9_.\\-]+");
  EXPECT_THAT(Refusal("ListCollections", R"({"MaxResults":4097})"),
              HasSubstr("Value '4097' at 'maxResults' failed to satisfy constraint: Member must "
                        "have value less than or equal to 4096"));
  EXPECT_THAT(
      Refusal("CompareFaces", R"({"QualityFilter":"BEST"})"),
      AllOf(StartsWith("ValidationException: 3 validation errors detected: "),
            HasSubstr("Value 'BEST' at 'qualityFilter' failed to satisfy constraint: Member "
                      "must satisfy enum value set: [NONE, AUTO, LOW, MEDIUM, HIGH]")));
  EXPECT_THAT(
      Refusal("DeleteFaces", R"({"CollectionId":"c","FaceIds":["x"]})"),
      HasSubstr("Value '[x]' at 'faceIds' failed to satisfy constraint: Member must satisfy "
                "constraint: [Member must satisfy regular expression pattern: [0-9a-f]{8}-"));
  EXPECT_THAT(Refusal("DeleteFaces", R"({"CollectionId":"c","FaceIds":[]})"),
              HasSubstr("Member must have length greater than or equal to 1"));
}

TEST(Input, LimitsImageBytesByDecodedSize) {
  const std::string limit = ToBase64(Bytes(5'242'880));
  const std::string over = ToBase64(Bytes(5'242'881));
  EXPECT_EQ(Refusal("DetectFaces", R"({"Image":{"Bytes":")" + limit + "\"}}"), "accepted");
  EXPECT_THAT(
      Refusal("DetectFaces", R"({"Image":{"Bytes":")" + over + "\"}}"),
      HasSubstr("at 'image.bytes' failed to satisfy constraint: Member must have length less "
                "than or equal to 5242880"));
  EXPECT_THAT(Refusal("DetectFaces", R"({"Image":{"Bytes":""}})"),
              HasSubstr("length greater than or equal to 1"));
}

TEST(Input, RefusesTheWrongShape) {
  for (const char* body : {"", "null", "[]", "{", "\"x\"", R"({"CollectionId":1})",
                           R"({"CollectionId":["c"]})", R"({"CollectionId":"\ud800"})"}) {
    EXPECT_THAT(Refusal("DeleteCollection", body), StartsWith("SerializationException")) << body;
  }
  EXPECT_THAT(Refusal("DetectFaces", R"({"Image":{"Bytes":"@@@"}})"),
              StartsWith("SerializationException"));
  EXPECT_THAT(Refusal("DetectFaces", R"({"Image":"abc"})"), StartsWith("SerializationException"));
  EXPECT_THAT(Refusal("ListFaces", R"({"CollectionId":"c","MaxResults":1.5})"),
              StartsWith("SerializationException"));
  std::string deep = R"({"X":)";
  for (int i = 0; i < 100'000; ++i) deep += "[";
  EXPECT_THAT(Refusal("ListCollections", deep), StartsWith("SerializationException"));
}

TEST(Input, AnImageIsBytesOrAnObjectAndNotBoth) {
  const auto type = [](std::string_view body) {
    const auto input = Parse("DetectFaces", body);
    const auto image = input->Image("Image");
    return image ? (image->object ? "s3" : "bytes") : image.error().type;
  };
  EXPECT_EQ(type(R"({"Image":{"Bytes":"AAAA"}})"), "bytes");
  EXPECT_EQ(type(R"({"Image":{"S3Object":{"Bucket":"bkt","Name":"n"}}})"), "s3");
  for (const char* half :
       {R"({})", R"({"Bucket":"bkt"})", R"({"Name":"n"})", R"({"Bucket":null,"Name":"n"})"}) {
    EXPECT_EQ(type(R"({"Image":{"S3Object":)" + std::string(half) + "}}"),
              "InvalidParameterException")
        << half;
  }
  EXPECT_EQ(type(R"({"Image":{}})"), "InvalidParameterException");
  EXPECT_EQ(type(R"({"Image":{"Bytes":"AAAA","S3Object":{"Bucket":"bkt","Name":"n"}}})"),
            "InvalidParameterException");
}

TEST(Input, AnObjectIsNamedWhole) {
  const auto input = Parse("DetectFaces", R"({"Image":{"S3Object":{"Bucket":"bkt",
      "Name":"a/\u00e9\u0000\n","Version":"v1","Unknown":{}}}})");
  ASSERT_TRUE(input) << input.error().message;
  const auto image = input->Image("Image");
  ASSERT_TRUE(image && image->object);
  EXPECT_EQ(image->object->bucket, "bkt");
  EXPECT_EQ(image->object->key, std::string("a/\xc3\xa9\0\n", 6));
  EXPECT_EQ(image->object->version, "v1");
  EXPECT_THAT(
      Refusal("DetectFaces", R"({"Image":{"S3Object":{"Bucket":"b/t","Name":""}}})"),
      AllOf(StartsWith("ValidationException: 2 validation errors detected: "),
            HasSubstr("at 'image.s3Object.bucket'"), HasSubstr("at 'image.s3Object.name'")));
}

// Names with any byte: what JSON can carry is told in the refusal as it came, cut at a character.
TEST(Input, NamesOfAnyBytes) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string name(1, static_cast<char>(byte));
    const auto input = Parse("DeleteCollection", R"({"CollectionId":")" + name + "\"}");
    const bool right = std::isalnum(byte) != 0 || name == "_" || name == "." || name == "-";
    ASSERT_EQ(input.has_value(), right) << byte;
    if (right) continue;
    // Raw controls, the two characters that JSON escapes, and halves of UTF-8 are not even JSON.
    const bool is_json = byte >= 0x20 && byte < 0x80 && name != "\"" && name != "\\";
    EXPECT_EQ(input.error().type, is_json ? "ValidationException" : "SerializationException")
        << byte;
  }
  std::string long_name;
  for (int i = 0; i < 200; ++i) long_name += "\xe2\x82\xac";
  EXPECT_THAT(Refusal("DeleteCollection", R"({"CollectionId":")" + long_name + "\"}"),
              HasSubstr("Value '" + long_name.substr(0, 198) + "...' at 'collectionId'"));
}

TEST(Input, MapsAreChecked) {
  const auto input = Parse("CreateCollection", R"({"CollectionId":"c","Tags":{"team":"blue"}})");
  ASSERT_TRUE(input);
  EXPECT_THAT(input->Pairs("Tags"), ElementsAre(testing::Pair("team", "blue")));
  std::string many = R"({"CollectionId":"c","Tags":{"k0":"")";
  for (int i = 1; i < 200; ++i) many += ",\"k" + std::to_string(i) + "\":\"\"";
  EXPECT_EQ(Refusal("CreateCollection", many + "}}"), "accepted");
  EXPECT_THAT(Refusal("CreateCollection", many + ",\"more\":\"\"}}"),
              HasSubstr("Member must have length less than or equal to 200"));
  for (const std::string& tags :
       {std::string(R"("aws:x":"y")"), std::string(R"("":"y")"), std::string(R"("a*":"y")"),
        "\"" + std::string(129, 'k') + "\":\"\"", "\"k\":\"" + std::string(257, 'v') + "\""}) {
    EXPECT_THAT(Refusal("CreateCollection", R"({"CollectionId":"c","Tags":{)" + tags + "}}"),
                StartsWith("ValidationException"))
        << tags;
  }
}

TEST(Schema, EveryOperationIsServedOrKnown) {
  EXPECT_NE(SchemaOf("IndexFaces"), nullptr);
  EXPECT_EQ(SchemaOf("DetectLabels"), nullptr);
  EXPECT_TRUE(IsKnownButNotServed("DetectLabels"));
  EXPECT_FALSE(IsKnownButNotServed("IndexFaces"));
  EXPECT_FALSE(IsKnownButNotServed("Nonsense"));
}

}  // namespace
}  // namespace candid::api
