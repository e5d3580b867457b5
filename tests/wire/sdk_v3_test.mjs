// The AWS SDK for JavaScript v3 against the server at AWS_ENDPOINT_URL_REKOGNITION.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import * as sdk from "@aws-sdk/client-rekognition";

const client = new sdk.RekognitionClient({});
const text = (s) => new TextEncoder().encode(s);
const image = (s) => ({ Bytes: text(s) });
const people = JSON.parse(process.env.CANDID_WIRE_PHOTOS);  // [person][photo]
const photo = (person, n) => ({ Bytes: readFileSync(people[person][n]) });
function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
// 100 x 100 pixels of one grey: a picture that shows nobody.
function greyPng() {
  const chunk = (type, data) => {
    const head = Buffer.alloc(4), tail = Buffer.alloc(4), body = Buffer.concat([text(type), data]);
    head.writeUInt32BE(data.length);
    tail.writeUInt32BE(crc32(body));
    return Buffer.concat([head, body, tail]);
  };
  const header = Buffer.from([0, 0, 0, 100, 0, 0, 0, 100, 8, 0, 0, 0, 0]);
  const rows = Buffer.alloc(100 * 101, 128);
  for (let y = 0; y < 100; ++y) rows[y * 101] = 0;
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}
const call = (name, input) => client.send(new sdk[name + "Command"](input));

test("faces in images and in collections", async () => {
  const CollectionId = "js-staff";
  const made = await call("CreateCollection", { CollectionId, Tags: { team: "blue" } });
  assert.equal(made.StatusCode, 200);
  assert.match(made.CollectionArn, /^arn:aws:rekognition:us-east-1:\d{12}:collection\/js-staff$/);
  const request = { CollectionId, Image: photo(0, 0), ExternalImageId: "p:1", MaxFaces: 1,
    QualityFilter: "AUTO" };
  const indexed = await call("IndexFaces", request);
  assert.equal(indexed.FaceRecords.length, 1);
  const again = await call("IndexFaces", request);
  assert.equal(again.FaceRecords[0].Face.FaceId, indexed.FaceRecords[0].Face.FaceId);
  await call("IndexFaces", { CollectionId, Image: photo(0, 1), MaxFaces: 1 });
  const described = await call("DescribeCollection", { CollectionId });
  assert.equal(described.FaceCount, 2);
  assert.ok(Math.abs(described.CreationTimestamp.getTime() - Date.now()) < 60_000);
  const listed = await call("ListCollections", {});
  assert.equal(listed.CollectionIds.length, listed.FaceModelVersions.length);
  const FaceId = indexed.FaceRecords[0].Face.FaceId;
  const found = await call("SearchFaces", { CollectionId, FaceId });
  assert.equal(found.FaceMatches.length, 1);
  assert.notEqual(found.FaceMatches[0].Face.FaceId, FaceId);
  const probe = await call("SearchFacesByImage", { CollectionId, Image: photo(0, 2) });
  assert.equal(probe.FaceMatches.length, 2);
  const none = await call("SearchFacesByImage", { CollectionId, Image: photo(1, 0),
    FaceMatchThreshold: 99 });
  assert.deepEqual(none.FaceMatches, []);
  const seen = await call("DetectFaces", { Image: photo(0, 0) });
  assert.equal(seen.FaceDetails[0].Landmarks.length, 5);
  const compared = await call("CompareFaces", { SourceImage: photo(0, 0),
    TargetImage: photo(0, 0) });
  assert.ok(compared.FaceMatches[0].Similarity > 99);
  const deleted = await call("DeleteFaces", { CollectionId, FaceIds: [FaceId, unknown] });
  assert.deepEqual(deleted.DeletedFaces, [FaceId]);
  assert.deepEqual(deleted.UnsuccessfulFaceDeletions[0].Reasons, ["FACE_NOT_FOUND"]);
  assert.equal((await call("ListFaces", { CollectionId })).Faces.length, 1);
  assert.equal((await call("DeleteCollection", { CollectionId })).StatusCode, 200);
});

test("paging", async () => {
  const CollectionId = "js-pages";
  await call("CreateCollection", { CollectionId });
  for (let i = 0; i < 5; ++i) {
    await call("IndexFaces", { CollectionId, Image: photo(i, 0), MaxFaces: 1 });
  }
  const sizes = [];
  for await (const page of sdk.paginateListFaces({ client, pageSize: 2 }, { CollectionId })) {
    sizes.push(page.Faces.length);
  }
  assert.deepEqual(sizes, [2, 2, 1]);
  const page = await call("ListFaces", { CollectionId, MaxResults: 2 });
  for (const NextToken of ["nonsense", page.NextToken.slice(0, -4) + "AAAA"]) {
    await assert.rejects(call("ListFaces", { CollectionId, NextToken }),
      sdk.InvalidPaginationTokenException);
  }
  await assert.rejects(call("ListCollections", { NextToken: page.NextToken }),
    sdk.InvalidPaginationTokenException);
});

// A collection with the first face of `each` photos of so many people; ids by person.
async function peopled(CollectionId, count, each) {
  await call("CreateCollection", { CollectionId });
  const ids = [];
  for (let person = 0; person < count; ++person) {
    ids.push([]);
    for (let n = 0; n < each; ++n) {
      const indexed = await call("IndexFaces", { CollectionId, Image: photo(person, n), MaxFaces: 1 });
      ids[person].push(indexed.FaceRecords[0].Face.FaceId);
    }
  }
  return ids;
}
const unknown = "00000000-0000-4000-8000-000000000000";

test("users", async () => {
  const CollectionId = "js-users";
  const ids = await peopled(CollectionId, 3, 3);
  for (const UserId of ["ann:1", "bob", "nobody"]) {
    const made = await call("CreateUser", { CollectionId, UserId });
    assert.deepEqual(Object.keys(made), ["$metadata"]);
  }
  assert.equal((await call("DescribeCollection", { CollectionId })).UserCount, 3);
  const tied = await call("AssociateFaces", { CollectionId, UserId: "ann:1",
    FaceIds: [ids[0][0], ids[0][1]] });
  assert.deepEqual(tied.AssociatedFaces, [{ FaceId: ids[0][0] }, { FaceId: ids[0][1] }]);
  assert.deepEqual(tied.UnsuccessfulFaceAssociations, []);
  assert.equal(tied.UserStatus, "ACTIVE");
  await call("AssociateFaces", { CollectionId, UserId: "bob", FaceIds: [ids[1][0]] });
  const mixed = await call("AssociateFaces", { CollectionId, UserId: "ann:1",
    FaceIds: [ids[0][0], ids[1][0], ids[2][0], unknown], UserMatchThreshold: 99 });
  assert.deepEqual(mixed.AssociatedFaces, []);
  const [taken, unlike, absent] = mixed.UnsuccessfulFaceAssociations;
  assert.deepEqual(taken, { FaceId: ids[1][0], UserId: "bob",
    Reasons: ["ASSOCIATED_TO_A_DIFFERENT_USER"] });
  assert.deepEqual(unlike.Reasons, ["LOW_MATCH_CONFIDENCE"]);
  assert.ok(unlike.Confidence < 99);
  assert.deepEqual(absent, { FaceId: unknown, Reasons: ["FACE_NOT_FOUND"] });

  const listed = await call("ListFaces", { CollectionId, UserId: "ann:1" });
  assert.deepEqual(listed.Faces.map((face) => [face.FaceId, face.UserId]),
    [[ids[0][0], "ann:1"], [ids[0][1], "ann:1"]]);
  const kept = await call("DeleteFaces", { CollectionId, FaceIds: [ids[0][0], ids[2][2]] });
  assert.deepEqual(kept.DeletedFaces, [ids[2][2]]);
  assert.deepEqual(kept.UnsuccessfulFaceDeletions, [{ FaceId: ids[0][0], UserId: "ann:1",
    Reasons: ["ASSOCIATED_TO_AN_EXISTING_USER"] }]);

  const byFace = await call("SearchUsers", { CollectionId, FaceId: ids[0][2] });
  assert.deepEqual(byFace.UserMatches.map((match) => match.User),
    [{ UserId: "ann:1", UserStatus: "ACTIVE" }]);
  assert.ok(byFace.UserMatches[0].Similarity >= 80);
  assert.equal(byFace.SearchedFace.FaceId, ids[0][2]);
  assert.equal(byFace.SearchedUser, undefined);
  assert.match(byFace.FaceModelVersion, /^[0-9.]+$/);
  const byUser = await call("SearchUsers", { CollectionId, UserId: "ann:1",
    UserMatchThreshold: 0 });
  assert.deepEqual(byUser.UserMatches.map((match) => match.User.UserId), ["bob"]);
  assert.deepEqual(byUser.SearchedUser, { UserId: "ann:1" });
  const byImage = await call("SearchUsersByImage", { CollectionId, Image: photo(1, 2),
    UserMatchThreshold: 0, MaxUsers: 1 });
  assert.deepEqual(byImage.UserMatches.map((match) => match.User.UserId), ["bob"]);
  assert.equal(byImage.SearchedFace.FaceDetail.Landmarks.length, 5);
  for (const other of byImage.UnsearchedFaces) {
    assert.deepEqual(other.Reasons, ["FACE_NOT_LARGEST"]);
    assert.ok(other.FaceDetails.BoundingBox);
  }
  const nobody = await call("SearchUsersByImage", { CollectionId, Image: { Bytes: greyPng() } });
  assert.deepEqual(nobody.UserMatches, []);
  assert.deepEqual(nobody.UnsearchedFaces, []);
  assert.equal(nobody.SearchedFace, undefined);

  const freed = await call("DisassociateFaces", { CollectionId, UserId: "bob",
    FaceIds: [ids[1][0], ids[0][0], ids[2][0], unknown] });
  assert.deepEqual(freed.DisassociatedFaces, [{ FaceId: ids[1][0] }]);
  assert.deepEqual(freed.UnsuccessfulFaceDisassociations, [
    { FaceId: ids[0][0], UserId: "ann:1", Reasons: ["ASSOCIATED_TO_A_DIFFERENT_USER"] },
    { FaceId: unknown, Reasons: ["FACE_NOT_FOUND"] }]);
  assert.equal(freed.UserStatus, "CREATED");
  await call("DeleteUser", { CollectionId, UserId: "ann:1" });
  const after = await call("ListFaces", { CollectionId });
  assert.ok(after.Faces.every((face) => face.UserId === undefined));
  assert.equal(after.Faces.length, 8);
});

test("pages of users", async () => {
  const CollectionId = "js-crowd";
  await call("CreateCollection", { CollectionId });
  for (let i = 0; i < 5; ++i) await call("CreateUser", { CollectionId, UserId: `user-${i}` });
  const pages = [];
  for await (const page of sdk.paginateListUsers({ client, pageSize: 2 }, { CollectionId })) {
    pages.push(page.Users.map((user) => user.UserId));
  }
  assert.deepEqual(pages, [["user-0", "user-1"], ["user-2", "user-3"], ["user-4"]]);
  const { NextToken } = await call("ListUsers", { CollectionId, MaxResults: 1 });
  for (const [name, token] of [["ListUsers", "nonsense"], ["ListFaces", NextToken]]) {
    await assert.rejects(call(name, { CollectionId, NextToken: token }),
      sdk.InvalidPaginationTokenException);
  }
  await assert.rejects(call("ListUsers", { CollectionId, MaxResults: 501 }),
    { name: "ValidationException" });
});

test("request tokens", async () => {
  const CollectionId = "js-tokens";
  const ids = await peopled(CollectionId, 1, 2);
  const ClientRequestToken = "one-token";
  const create = { CollectionId, UserId: "u", ClientRequestToken };
  await call("CreateUser", create);
  await call("CreateUser", create);
  await assert.rejects(call("CreateUser", { ...create, UserId: "v" }),
    sdk.IdempotentParameterMismatchException);
  await assert.rejects(call("CreateUser", { CollectionId, UserId: "u" }), (error) =>
    error instanceof sdk.ConflictException && error.message === "The user id: u already exists");
  const tie = { CollectionId, UserId: "u", FaceIds: [...ids[0], unknown], ClientRequestToken };
  const { $metadata: _, ...first } = await call("AssociateFaces", tie);
  assert.equal(first.AssociatedFaces.length, 2);
  const { $metadata: __, ...again } = await call("AssociateFaces", tie);
  assert.deepEqual(again, first);
  await assert.rejects(call("AssociateFaces", { ...tie, UserMatchThreshold: 1 }),
    sdk.IdempotentParameterMismatchException);
  const free = { CollectionId, UserId: "u", FaceIds: [ids[0][0]], ClientRequestToken };
  await call("DisassociateFaces", free);
  assert.equal((await call("DisassociateFaces", free)).DisassociatedFaces.length, 1);
  await assert.rejects(call("DisassociateFaces", { ...free, FaceIds: ids[0] }),
    sdk.IdempotentParameterMismatchException);
  const remove = { CollectionId, UserId: "u", ClientRequestToken };
  await call("DeleteUser", remove);
  await call("DeleteUser", remove);
  await assert.rejects(call("DeleteUser", { ...remove, CollectionId: "js-crowd" }),
    sdk.IdempotentParameterMismatchException);
});

test("errors of users", async () => {
  const CollectionId = "js-user-errors";
  const ids = await peopled(CollectionId, 1, 1);
  const FaceIds = ids[0], UserId = "u", Image = photo(0, 0);
  await call("CreateUser", { CollectionId, UserId });
  const calls = [["CreateUser", { UserId }], ["DeleteUser", { UserId }], ["ListUsers", {}],
    ["AssociateFaces", { UserId, FaceIds }], ["DisassociateFaces", { UserId, FaceIds }],
    ["SearchUsers", { UserId }], ["SearchUsersByImage", { Image }]];
  for (const [name, input] of calls) {
    await assert.rejects(call(name, { ...input, CollectionId: "none" }), (error) =>
      error instanceof sdk.ResourceNotFoundException &&
      error.message === "The collection id: none does not exist", name);
    if (input.UserId && name !== "CreateUser") {
      await assert.rejects(call(name, { ...input, CollectionId, UserId: "nobody" }), (error) =>
        error instanceof sdk.ResourceNotFoundException &&
        error.message === "The user id: nobody does not exist", name);
    }
    if (input.UserId) {
      await assert.rejects(call(name, { ...input, CollectionId, UserId: "a b" }), (error) =>
        error.name === "ValidationException" && error.message ===
        "1 validation error detected: Value 'a b' at 'userId' failed to satisfy constraint: " +
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.\\-:]+", name);
    }
  }
  await assert.rejects(call("SearchUsers", { CollectionId, FaceId: unknown }), (error) =>
    error instanceof sdk.InvalidParameterException &&
    error.message === "faceId was not found in the collection.");
  for (const both of [{}, { UserId, FaceId: FaceIds[0] }]) {
    await assert.rejects(call("SearchUsers", { CollectionId, ...both }),
      sdk.InvalidParameterException);
  }
  await assert.rejects(call("SearchUsersByImage", { CollectionId, Image: image("GIF89a") }),
    sdk.InvalidImageFormatException);
  await assert.rejects(call("CreateUser", { CollectionId, UserId: "v", ClientRequestToken: "a b" }),
    { name: "ValidationException" });
  await assert.rejects(call("AssociateFaces", { CollectionId, UserId,
    FaceIds: Array(101).fill(unknown) }), { name: "ValidationException" });
});

test("tags", async () => {
  const CollectionId = "js-tags";
  const made = await call("CreateCollection", { CollectionId, Tags: { team: "blue", empty: "" } });
  const ResourceArn = made.CollectionArn;
  const tags = async (arn) => (await call("ListTagsForResource", { ResourceArn: arn })).Tags;
  assert.deepEqual(await tags(ResourceArn), { team: "blue", empty: "" });
  assert.deepEqual(await tags(ResourceArn.slice(4)), { team: "blue", empty: "" });
  await call("TagResource", { ResourceArn, Tags: { team: "rot/grün", "a:b=c": "x@y" } });
  await call("UntagResource", { ResourceArn: ResourceArn.slice(4), TagKeys: ["empty", "absent"] });
  assert.deepEqual(await tags(ResourceArn), { team: "rot/grün", "a:b=c": "x@y" });
  await call("UntagResource", { ResourceArn, TagKeys: ["team", "a:b=c"] });
  assert.deepEqual(await tags(ResourceArn), {});
  const prefix = ResourceArn.slice(0, -CollectionId.length);
  for (const arn of [prefix + "none", prefix.replace("collection/", "project/p/1"),
    prefix.replace("000000000000", "111111111111") + CollectionId]) {
    for (const [name, input] of [["TagResource", { Tags: { a: "b" } }],
      ["UntagResource", { TagKeys: ["a"] }], ["ListTagsForResource", {}]]) {
      await assert.rejects(call(name, { ...input, ResourceArn: arn }),
        sdk.ResourceNotFoundException, `${name} ${arn}`);
    }
  }
  await assert.rejects(call("ListTagsForResource", { ResourceArn: "not the name of anything" }),
    sdk.InvalidParameterException);
  const many = (count, from = 0) => Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`k${i + from}`, ""]));
  await call("TagResource", { ResourceArn, Tags: many(200) });
  await assert.rejects(call("TagResource", { ResourceArn, Tags: many(1, 200) }),
    sdk.ServiceQuotaExceededException);
  for (const Tags of [many(201), { "aws:x": "y" }, { "": "y" }, { x: "y".repeat(257) }]) {
    await assert.rejects(call("TagResource", { ResourceArn, Tags }),
      { name: "ValidationException" });
  }
});

test("typed errors", async () => {
  await assert.rejects(call("DescribeCollection", { CollectionId: "none" }), (error) =>
    error instanceof sdk.ResourceNotFoundException && error.$metadata.httpStatusCode === 400 &&
    error.message === "The collection id: none does not exist");
  await call("CreateCollection", { CollectionId: "js-twice" });
  await assert.rejects(call("CreateCollection", { CollectionId: "js-twice" }),
    sdk.ResourceAlreadyExistsException);
  await assert.rejects(call("SearchFacesByImage", { CollectionId: "js-twice",
    Image: { Bytes: greyPng() } }), (error) => error instanceof sdk.InvalidParameterException &&
    error.message === "There are no faces in the image. Should be at least 1.");
  await assert.rejects(call("DetectFaces", { Image: image("GIF89a") }),
    sdk.InvalidImageFormatException);
  await assert.rejects(call("DetectFaces", { Image: { S3Object: { Bucket: "bkt", Name: "a" } } }),
    sdk.InvalidS3ObjectException);
  await assert.rejects(call("DetectFaces", { Image: {} }), sdk.InvalidParameterException);
  await assert.rejects(call("CreateCollection", { CollectionId: "bad id!" }),
    { name: "ValidationException" });
  await assert.rejects(call("DetectFaces", { Image: { Bytes: new Uint8Array(5242881) } }),
    { name: "ValidationException" });
  await assert.rejects(call("DetectText", { Image: image("x") }), (error) =>
    error instanceof sdk.AccessDeniedException &&
    error.message === "Candid does not serve the operation DetectText.");
  await assert.rejects(call("SearchFaces", { CollectionId: "js-twice",
    FaceId: unknown }), (error) =>
    error instanceof sdk.InvalidParameterException &&
    error.message === "faceId was not found in the collection.");
});

test("a stray session token and a wrong secret are refused, a wrong clock mended", async () => {
  const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID,
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY };
  const stray = new sdk.RekognitionClient({ credentials: { ...credentials,
    sessionToken: "token" } });
  await assert.rejects(stray.send(new sdk.ListCollectionsCommand({})),
    { name: "UnrecognizedClientException" });
  const wrong = new sdk.RekognitionClient({ credentials: { ...credentials,
    secretAccessKey: "other" }, maxAttempts: 1 });
  await assert.rejects(wrong.send(new sdk.ListCollectionsCommand({})),
    { name: "InvalidSignatureException" });
  const unknown = new sdk.RekognitionClient({ credentials: { ...credentials,
    accessKeyId: "NOBODY" } });
  await assert.rejects(unknown.send(new sdk.ListCollectionsCommand({})),
    { name: "UnrecognizedClientException" });
  const late = new sdk.RekognitionClient({ credentials, systemClockOffset: -3_600_000 });
  const answer = await late.send(new sdk.ListCollectionsCommand({}));
  assert.ok(answer.$metadata.attempts > 1);
});
