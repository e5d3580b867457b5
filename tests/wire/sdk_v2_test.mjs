// The AWS SDK for JavaScript v2 (its own signer: content-type unsigned, connections closed) against
// the server at AWS_ENDPOINT_URL_REKOGNITION, a variable that it does not know itself.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import aws from "aws-sdk";

const clientWith = (more) => new aws.Rekognition({ region: process.env.AWS_REGION,
  endpoint: process.env.AWS_ENDPOINT_URL_REKOGNITION, maxRetries: 0, ...more });
const client = clientWith({});
const people = JSON.parse(process.env.CANDID_WIRE_PHOTOS);  // [person][photo]
const photo = (person, n) => ({ Bytes: readFileSync(people[person][n]) });

test("the eleven operations", async () => {
  const CollectionId = "js2-staff";
  const made = await client.createCollection({ CollectionId, Tags: { team: "blue" } }).promise();
  assert.equal(made.StatusCode, 200);
  const request = { CollectionId, Image: photo(0, 0), ExternalImageId: "p:1", MaxFaces: 1,
    QualityFilter: "AUTO", DetectionAttributes: ["DEFAULT"] };
  const indexed = await client.indexFaces(request).promise();
  const { FaceId } = indexed.FaceRecords[0].Face;
  const again = await client.indexFaces(request).promise();
  assert.equal(again.FaceRecords[0].Face.FaceId, FaceId);
  await client.indexFaces({ CollectionId, Image: photo(0, 1), MaxFaces: 1 }).promise();
  const described = await client.describeCollection({ CollectionId }).promise();
  assert.equal(described.FaceCount, 2);
  assert.ok(Math.abs(described.CreationTimestamp.getTime() - Date.now()) < 60_000);
  const listed = await client.listCollections({}).promise();
  assert.ok(listed.CollectionIds.includes(CollectionId));
  const faces = [];
  for (let NextToken; ;) {
    const page = await client.listFaces({ CollectionId, MaxResults: 1, NextToken }).promise();
    faces.push(...page.Faces.map((face) => face.FaceId));
    if (!(NextToken = page.NextToken)) break;
  }
  assert.equal(faces[0], FaceId);
  assert.equal(faces.length, 2);
  const found = await client.searchFaces({ CollectionId, FaceId, MaxFaces: 5,
    FaceMatchThreshold: 0 }).promise();
  assert.deepEqual(found.FaceMatches.map((match) => match.Face.FaceId), [faces[1]]);
  const probe = await client.searchFacesByImage({ CollectionId, Image: photo(0, 2) }).promise();
  assert.equal(probe.FaceMatches.length, 2);
  const seen = await client.detectFaces({ Image: photo(0, 0) }).promise();
  assert.equal(seen.FaceDetails[0].Landmarks.length, 5);
  const compared = await client.compareFaces({ SourceImage: photo(0, 0), TargetImage: photo(1, 0),
    SimilarityThreshold: 99 }).promise();
  assert.deepEqual(compared.FaceMatches, []);
  const deleted = await client.deleteFaces({ CollectionId, FaceIds: [FaceId] }).promise();
  assert.deepEqual(deleted.DeletedFaces, [FaceId]);
  assert.equal((await client.deleteCollection({ CollectionId }).promise()).StatusCode, 200);
});

test("errors have their code, status, text and request id", async () => {
  await assert.rejects(client.describeCollection({ CollectionId: "none" }).promise(), (error) =>
    error.code === "ResourceNotFoundException" && error.statusCode === 400 &&
    error.message === "The collection id: none does not exist" && /^[0-9a-f-]{36}$/.test(error.requestId));
  await assert.rejects(client.detectFaces({ Image: { Bytes: Buffer.from("GIF89a") } }).promise(),
    { code: "InvalidImageFormatException", message: "Request has invalid image format" });
  await assert.rejects(client.createCollection({ CollectionId: "bad id!" }).promise(),
    { code: "ValidationException" });
});

test("a stray session token and a wrong secret are refused, a wrong clock mended", async () => {
  const keys = { accessKeyId: process.env.AWS_ACCESS_KEY_ID,
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY };
  await assert.rejects(clientWith({ credentials: { ...keys, sessionToken: "token" } })
    .listCollections({}).promise(), { code: "UnrecognizedClientException" });
  await assert.rejects(clientWith({ credentials: { ...keys, secretAccessKey: "other" } })
    .listCollections({}).promise(), { code: "InvalidSignatureException" });
  await clientWith({ credentials: keys, systemClockOffset: -3_600_000, maxRetries: 1,
    correctClockSkew: true }).listCollections({}).promise();
});
