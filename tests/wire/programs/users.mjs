// People instead of faces, with the AWS SDK for JavaScript v3: users, their faces, searches for them.
//   node users.mjs COLLECTION A1.jpg A2.jpg A3.jpg B.jpg    three photos of one person, one of another
import { readFile } from "node:fs/promises";
import {
  Rekognition, ConflictException, ResourceNotFoundException, paginateListUsers,
} from "@aws-sdk/client-rekognition";

const [CollectionId, ...paths] = process.argv.slice(2);
const rekognition = new Rekognition({});
const images = await Promise.all(paths.map(async (path) => ({ Bytes: await readFile(path) })));

await rekognition.createCollection({ CollectionId });
const index = async (Image) => {
  const { FaceRecords } = await rekognition.indexFaces({ CollectionId, Image, MaxFaces: 1 });
  return FaceRecords[0].Face.FaceId;
};
const [first, second] = [await index(images[0]), await index(images[1])];
const other = await index(images[3]);

for (const UserId of ["anna", "boris"]) await rekognition.createUser({ CollectionId, UserId });
try {
  await rekognition.createUser({ CollectionId, UserId: "anna" });
} catch (error) {
  console.log(error instanceof ConflictException && "anna is there already");
}
const associated = await rekognition.associateFaces({ CollectionId, UserId: "anna",
  FaceIds: [first, second], UserMatchThreshold: 75 });
console.log("associated", associated.AssociatedFaces.length,
  associated.UnsuccessfulFaceAssociations.length, associated.UserStatus);
const taken = await rekognition.associateFaces({ CollectionId, UserId: "boris",
  FaceIds: [other, first] });
console.log("refused", taken.UnsuccessfulFaceAssociations.map((one) => one.Reasons.join()).join());

const users = [];
for await (const page of paginateListUsers({ client: rekognition, pageSize: 1 }, { CollectionId })) {
  users.push(...page.Users.map((user) => user.UserId));
}
console.log("users", users.sort().join());
const { Faces } = await rekognition.listFaces({ CollectionId, UserId: "anna" });
console.log("faces of anna", Faces.length, Faces.every((face) => face.UserId === "anna"));
const seen = await rekognition.searchUsersByImage({ CollectionId, Image: images[2],
  UserMatchThreshold: 80, MaxUsers: 1 });
console.log("seen", seen.UserMatches[0].User.UserId, seen.SearchedFace.FaceDetail.Confidence > 50,
  seen.UnsearchedFaces.length);
const byFace = await rekognition.searchUsers({ CollectionId, FaceId: second });
console.log("by face", byFace.UserMatches[0].User.UserId, byFace.SearchedFace.FaceId === second);
const byUser = await rekognition.searchUsers({ CollectionId, UserId: "boris" });
console.log("like boris", byUser.UserMatches.length, byUser.SearchedUser.UserId);

const kept = await rekognition.deleteFaces({ CollectionId, FaceIds: [first] });
console.log("kept", kept.UnsuccessfulFaceDeletions[0].Reasons.join());
const freed = await rekognition.disassociateFaces({ CollectionId, UserId: "anna",
  FaceIds: [first] });
console.log("freed", freed.DisassociatedFaces.length, freed.UserStatus);
console.log("erased", (await rekognition.deleteFaces({ CollectionId, FaceIds: [first] }))
  .DeletedFaces.length);
await rekognition.deleteUser({ CollectionId, UserId: "anna" });
try {
  await rekognition.searchUsers({ CollectionId, UserId: "anna" });
} catch (error) {
  console.log(error instanceof ResourceNotFoundException && "anna is gone");
}
console.log("left", (await rekognition.describeCollection({ CollectionId })).UserCount);
await rekognition.deleteCollection({ CollectionId });
