// node infer_ort.mjs INFER_BENCH [MODEL.onnx ...]: ours, OpenCV DNN and ONNX Runtime on the same
// files in one run. The rounds alternate between `infer_bench` (which says what it measures) and
// ONNX Runtime, on the model as it is and with its PRelus rewritten; one thread each, milliseconds
// of CPU time, medians. Pin it to a core: taskset -c 1 node infer_ort.mjs ...
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ort from "onnxruntime-node";

const ROUNDS = 5;
const WARM_UP = 3;
const RUNS = 12;

const [bench, ...models] = process.argv.slice(2);
if (!bench) {
  console.error("usage: node infer_ort.mjs INFER_BENCH [MODEL.onnx ...]");
  process.exit(2);
}

function run(...args) {
  const { status, stdout, stderr } = spawnSync(bench, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${bench} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

async function timeOrt(path) {
  const session = await ort.InferenceSession.create(path, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
  });
  const { shape } = session.inputMetadata[0];
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: size }, () => Math.random() * 2 - 1);
  const feeds = { [session.inputNames[0]]: new ort.Tensor("float32", values, shape) };
  const times = [];
  for (let i = 0; i < WARM_UP + RUNS; i++) {
    const start = process.cpuUsage();
    await session.run(feeds);
    const used = process.cpuUsage(start);
    if (i >= WARM_UP) times.push((used.user + used.system) / 1000);
  }
  await session.release();
  return median(times);
}

// The last line of infer_bench: name, OpenCV, f32, best, two ratios, share of peak.
function timeOurs(path) {
  const fields = run(path).trim().split("\n").at(-1).trim().split(/\s+/);
  const [opencv, f32, best] = fields.slice(1, 4).map(Number);
  return { opencv, f32, best, peak: Number(fields[6]) };
}

const folder = mkdtempSync(join(tmpdir(), "infer_ort-"));
try {
  run("--save", folder, ...models);
  const names = readdirSync(folder)
    .filter((file) => file.endsWith("-rewritten.onnx"))
    .map((file) => file.replace("-rewritten.onnx", ""));
  const head = ["OpenCV", "ORT", "rewritten", "f32", "best", "x OpenCV", "x ORT", "x rewr.", "peak"];
  console.log(["network".padEnd(22), ...head.map((title) => title.padStart(10))].join(""));
  for (const name of names) {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      const ours = timeOurs(join(folder, `${name}.onnx`));
      const plain = await timeOrt(join(folder, `${name}.onnx`));
      const rewritten = await timeOrt(join(folder, `${name}-rewritten.onnx`));
      rounds.push([
        ours.opencv, plain, rewritten, ours.f32, ours.best,
        ours.opencv / ours.best, plain / ours.best, rewritten / ours.best, ours.peak,
      ]);
    }
    const row = head.map((_, column) => median(rounds.map((values) => values[column])));
    const cells = row.map((value, i) => (i < 8 ? value.toFixed(2) : `${value} %`).padStart(10));
    console.log([name.padEnd(22), ...cells].join(""));
  }
} finally {
  rmSync(folder, { recursive: true });
}
