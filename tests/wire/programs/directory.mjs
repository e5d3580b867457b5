// A directory of faces with the AWS SDK for JavaScript v3: paginators, a waiter, typed exceptions.
//   node directory.mjs COLLECTION KNOWN.jpg ... -- VISITOR.jpg
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  RekognitionClient, CreateCollectionCommand, DeleteCollectionCommand, DescribeCollectionCommand,
  IndexFacesCommand, SearchFacesByImageCommand, SearchFacesCommand, CompareFacesCommand,
  DetectFacesCommand, DeleteFacesCommand, InvalidParameterException, ResourceNotFoundException,
  ResourceAlreadyExistsException, paginateListCollections, paginateListFaces,
} from "@aws-sdk/client-rekognition";
import { createWaiter, WaiterState, checkExceptions } from "@smithy/util-waiter";

const [CollectionId, ...rest] = process.argv.slice(2);
const split = rest.indexOf("--");
const known = rest.slice(0, split);
const visitor = rest[split + 1];
const client = new RekognitionClient({});
const bytes = async (path) => ({ Bytes: await readFile(path) });

// New collections are not always there at once, says every guide.
const waitUntilThere = async (maxWaitTime) => checkExceptions(await createWaiter(
  { client, maxWaitTime, minDelay: 1, maxDelay: 3 }, { CollectionId },
  async (waiting, input) => {
    try {
      return { state: WaiterState.SUCCESS,
        reason: await waiting.send(new DescribeCollectionCommand(input)) };
    } catch (reason) {
      if (reason instanceof ResourceNotFoundException) return { state: WaiterState.RETRY, reason };
      return { state: WaiterState.FAILURE, reason };
    }
  }));

try {
  const made = await client.send(new CreateCollectionCommand({ CollectionId }));
  console.log("created", made.CollectionArn, made.FaceModelVersion);
} catch (error) {
  if (!(error instanceof ResourceAlreadyExistsException)) throw error;
}
const { reason: described } = await waitUntilThere(20);
console.log("made in", described.CreationTimestamp.getUTCFullYear(), "faces", described.FaceCount);

for (const path of known) {
  const { FaceRecords, UnindexedFaces } = await client.send(new IndexFacesCommand({ CollectionId,
    Image: await bytes(path), ExternalImageId: basename(path), MaxFaces: 1 }));
  for (const { Face, FaceDetail } of FaceRecords) {
    console.log("indexed", Face.ExternalImageId, Face.FaceId.length,
      FaceDetail.Landmarks.length >= 5, FaceDetail.Pose.Yaw !== undefined);
  }
  for (const { Reasons } of UnindexedFaces) console.log("left out", Reasons.join());
}

const ids = [];
for await (const page of paginateListCollections({ client, pageSize: 1 }, {})) {
  ids.push(...page.CollectionIds);
}
console.log("listed", ids.includes(CollectionId));
const faces = [];
for await (const page of paginateListFaces({ client, pageSize: 2 }, { CollectionId })) {
  console.log("page of", page.Faces.length);
  faces.push(...page.Faces);
}

const found = await client.send(new SearchFacesByImageCommand({ CollectionId,
  Image: await bytes(visitor), FaceMatchThreshold: 80, MaxFaces: 5 }));
for (const { Face, Similarity } of found.FaceMatches) {
  console.log("visitor is", Face.ExternalImageId, Similarity >= 80);
}
const alike = await client.send(new SearchFacesCommand({ CollectionId, FaceId: faces[0].FaceId,
  FaceMatchThreshold: 80 }));
console.log("like the first", alike.FaceMatches.map((match) => match.Face.ExternalImageId).join());

const { FaceDetails } = await client.send(new DetectFacesCommand({ Image: await bytes(visitor),
  Attributes: ["DEFAULT"] }));
console.log("detected", FaceDetails.length, FaceDetails[0].Quality.Sharpness >= 0);
const compared = await client.send(new CompareFacesCommand({ SourceImage: await bytes(visitor),
  TargetImage: await bytes(known[0]) }));
console.log("compared", compared.FaceMatches.length, compared.UnmatchedFaces.length);

try {
  await client.send(new SearchFacesCommand({ CollectionId,
    FaceId: "11111111-2222-4333-8444-555555555555" }));
} catch (error) {
  if (!(error instanceof InvalidParameterException)) throw error;
  console.log(error.name, error.$metadata.httpStatusCode, error.message);
}
const { DeletedFaces } = await client.send(new DeleteFacesCommand({ CollectionId,
  FaceIds: faces.map((face) => face.FaceId) }));
console.log("deleted", DeletedFaces.length);
await client.send(new DeleteCollectionCommand({ CollectionId }));
