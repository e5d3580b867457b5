#include "candid/api/failure.h"

#include <gtest/gtest.h>

#include "candid/api/json_writer.h"

namespace candid::api {
namespace {

TEST(Failure, EveryCodeHasAnAnswer) {
  for (int code = 0; code <= static_cast<int>(Code::kInternal); ++code) {
    for (const Subject subject :
         {Subject::kCollection, Subject::kUser, Subject::kImage, Subject::kOther}) {
      const Error error(static_cast<Code>(code), "detail");
      const Failure failure = FailureOf(error, subject);
      EXPECT_FALSE(failure.type.empty());
      EXPECT_FALSE(failure.message.empty());
      if (ClassOf(error.code()) == ErrorClass::kOurs) {
        EXPECT_EQ(failure.status, 500);
        EXPECT_EQ(failure.message.find("detail"), std::string::npos) << "shows our insides";
        EXPECT_EQ(failure.reason, "detail") << "hides it from the log too";
      } else {
        EXPECT_EQ(failure.status, 400);
      }
    }
  }
}

TEST(Failure, OfAPictureIsWordedAsTheServiceWordsIt) {
  EXPECT_EQ(FailureOf(Error(Code::kInvalidArgument, "too small"), Subject::kImage).message,
            "Request has invalid parameters");
  EXPECT_EQ(FailureOf(Error(Code::kMalformed, "cut"), Subject::kImage).message,
            "Request has invalid image format");
  EXPECT_EQ(FailureOf(Error(Code::kTooLarge, "9 x 9"), Subject::kImage).message,
            "Image size is too large.");
  const Error missing(Code::kNotFound, "The collection id: a does not exist");
  EXPECT_EQ(FailureOf(missing, Subject::kImage).type, "ResourceNotFoundException");
  EXPECT_EQ(FailureOf(missing, Subject::kImage).message, missing.message());
}

TEST(Failure, OfAUserIsOneThatItsOperationsDeclare) {
  const auto type = [](Code code) { return FailureOf(Error(code, "x"), Subject::kUser).type; };
  EXPECT_EQ(type(Code::kConflict), "ConflictException");
  EXPECT_EQ(type(Code::kAlreadyExists), "IdempotentParameterMismatchException");
  EXPECT_EQ(type(Code::kExhausted), "ServiceQuotaExceededException");
  EXPECT_EQ(type(Code::kNotFound), "ResourceNotFoundException");
}

TEST(Failure, HasTwoShapes) {
  const auto service = RenderFailure({"ResourceNotFoundException", "gone"}, "id");
  EXPECT_EQ(service.body,
            R"({"__type":"ResourceNotFoundException","Code":"ResourceNotFoundException",)"
            R"("Logref":"id","Message":"gone"})");
  const auto early = RenderFailure({"ValidationException", "no", 400, Shape::kFramework}, "id");
  EXPECT_EQ(early.body, R"({"__type":"ValidationException","message":"no"})");
  const auto unknown = RenderFailure({"a#UnknownX", "", 400, Shape::kFramework}, "id");
  EXPECT_EQ(unknown.body, R"({"__type":"a#UnknownX","message":null})");
  EXPECT_EQ(unknown.headers.back().value, "UnknownX");
}

TEST(JsonWriter, WritesWhatClientsRead) {
  JsonWriter json;
  json.BeginObject();
  json.Member("Text", "a\"b\\\n\x01");
  json.Key("List");
  json.BeginArray();
  json.Value(1);
  json.Value(90.5);
  json.Value(0.1f);
  json.Value(true);
  json.EndArray();
  json.Key("Empty");
  json.BeginArray();
  json.EndArray();
  json.Member("Nan", 0.0 / 0.0);
  json.EndObject();
  EXPECT_EQ(std::move(json).Take(),
            "{\"Text\":\"a\\\"b\\\\\\u000a\\u0001\",\"List\":[1,90.5,0.1,true],"
            "\"Empty\":[],\"Nan\":0}");
}

}  // namespace
}  // namespace candid::api
