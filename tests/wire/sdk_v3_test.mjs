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

test("the eleven operations", async () => {
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
  const unknown = "00000000-0000-4000-8000-000000000000";
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
  await assert.rejects(call("DetectText", { Image: image("x") }), sdk.AccessDeniedException);
  await assert.rejects(call("SearchFaces", { CollectionId: "js-twice",
    FaceId: "00000000-0000-4000-8000-000000000000" }), (error) =>
    error instanceof sdk.InvalidParameterException &&
    error.message === "faceId was not found in the collection.");
});

test("a session token is signed, a wrong secret refused, a wrong clock mended", async () => {
  const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID,
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
    sessionToken: "token" };
  await new sdk.RekognitionClient({ credentials }).send(new sdk.ListCollectionsCommand({}));
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
