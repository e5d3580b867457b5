// Sorts an album by person with the AWS SDK for JavaScript v2, as older Lambda functions are
// written: callbacks, promises, eachPage, error codes as strings.
//   node album.cjs COLLECTION PHOTO.jpg ...
const AWS = require("aws-sdk");
const fs = require("fs");
const path = require("path");

AWS.config.update({ region: process.env.AWS_REGION });
const rekognition = new AWS.Rekognition({ apiVersion: "2016-06-27",
  endpoint: process.env.AWS_ENDPOINT_URL_REKOGNITION });
const [collection, ...photos] = process.argv.slice(2);

async function ensureCollection() {
  try {
    await rekognition.createCollection({ CollectionId: collection }).promise();
  } catch (err) {
    if (err.code !== "ResourceAlreadyExistsException") throw err;
  }
}

// Everyone writes search-then-index: a face that is known keeps the name of its first photo.
async function nameOf(photo) {
  const Image = { Bytes: fs.readFileSync(photo) };
  try {
    const found = await rekognition.searchFacesByImage({ CollectionId: collection, Image,
      MaxFaces: 1, FaceMatchThreshold: 85 }).promise();
    if (found.FaceMatches.length > 0) return found.FaceMatches[0].Face.ExternalImageId;
  } catch (err) {
    if (err.code === "InvalidParameterException" &&
        err.message === "There are no faces in the image. Should be at least 1.") {
      return "nobody";
    }
    throw err;
  }
  const name = path.basename(photo, path.extname(photo));
  const data = await rekognition.indexFaces({ CollectionId: collection, Image,
    ExternalImageId: name, MaxFaces: 1, DetectionAttributes: ["DEFAULT"] }).promise();
  return data.FaceRecords.length > 0 ? data.FaceRecords[0].Face.ExternalImageId : "nobody";
}

function listFaces(done) {
  let count = 0;
  rekognition.listFaces({ CollectionId: collection, MaxResults: 1 }).eachPage((err, data) => {
    if (err) return done(err);
    if (data) { count += data.Faces.length; return true; }
    done(null, count);
    return false;
  });
}

(async () => {
  await ensureCollection();
  await ensureCollection();
  const album = {};
  for (const photo of photos) {
    const name = await nameOf(photo);
    (album[name] = album[name] || []).push(path.basename(photo));
  }
  for (const name of Object.keys(album).sort()) console.log(name + ":", album[name].sort().join(" "));
  listFaces((err, count) => {
    if (err) throw err;
    console.log("people:", count);
    rekognition.deleteCollection({ CollectionId: collection }, (failed, data) => {
      if (failed) throw failed;
      console.log("deleted:", data.StatusCode);
    });
  });
})().catch((err) => { console.error(err.code, err.message); process.exitCode = 1; });
