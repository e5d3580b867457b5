// s3rver, which checks every signature, on a port of its own; its buckets are the folders of
// argv[2]. Key id and secret: S3RVER. Prints the port; ends with standard input.
import S3rver from "@20minutes/s3rver";

const store = new S3rver({ address: "127.0.0.1", port: 0, silent: true, directory: process.argv[2],
  vhostBuckets: false, configureBuckets: [{ name: "photos" }] });
const { port } = await store.run();
console.log(port);
process.stdin.on("end", () => process.exit(0)).resume();
