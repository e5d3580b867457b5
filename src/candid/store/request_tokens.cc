#include "candid/store/request_tokens.h"

#include "candid/store/rows.h"
#include "candid/store/state.h"

namespace candid::store {
namespace {

// More than are kept at a time, so that they never pile up; few, so that no call pays for a crowd.
constexpr std::uint64_t kForgottenAtOnce = 16;

}  // namespace

Result<std::optional<Bytes>> FindAnswer(Connection& connection, const RequestToken& token) {
  Query query(connection,
              "SELECT request,answer FROM request_tokens WHERE name=? AND expires_us>?");
  CANDID_ASSIGN(const bool found,
                query.Bind(ByteSpan(token.name)).Bind(Microseconds(token.now)).Step());
  if (!found) return std::optional<Bytes>();
  if (!EqualInConstantTime(query.Blob(0), token.request)) {
    return Fail(Code::kAlreadyExists,
                "The ClientRequestToken was used before with other parameters: use another one");
  }
  const ByteSpan answer = query.Blob(1);
  return Bytes(answer.begin(), answer.end());
}

Status KeepAnswer(Connection& connection, std::uint64_t collection, const RequestToken& token,
                  const Bytes& answer) {
  CANDID_TRY(
      Query(connection,
            "DELETE FROM request_tokens WHERE expires_us<=?2 AND (name=?1 OR name IN (SELECT "
            "name FROM request_tokens WHERE expires_us<=?2 ORDER BY expires_us LIMIT ?3))")
          .Bind(ByteSpan(token.name))
          .Bind(Microseconds(token.now))
          .Bind(kForgottenAtOnce)
          .Run());
  return Query(connection, "INSERT INTO request_tokens VALUES(?,?,?,?,?)")
      .Bind(ByteSpan(token.name))
      .Bind(collection)
      .Bind(ByteSpan(token.request))
      .Bind(ByteSpan(answer))
      .Bind(Microseconds(token.expires))
      .Run();
}

Result<std::optional<Bytes>> Store::FindAnswer(const RequestToken& token) const {
  return state_->Read([&](Connection& connection) { return store::FindAnswer(connection, token); });
}

}  // namespace candid::store
