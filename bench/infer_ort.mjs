// node infer_ort.mjs MODEL.onnx ...: ONNX Runtime on the files that `infer_bench --save DIR` wrote,
// one thread, median of 30 runs. Run it beside infer_bench, pinned to the same core.
import ort from "onnxruntime-node";

for (const path of process.argv.slice(2)) {
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
  for (let i = 0; i < 35; i++) {
    const start = process.cpuUsage();
    await session.run(feeds);
    const used = process.cpuUsage(start);
    if (i >= 5) times.push((used.user + used.system) / 1000);
  }
  times.sort((a, b) => a - b);
  console.log(`${times[15].toFixed(2).padStart(9)} ms  ${path.split("/").pop()}`);
  await session.release();
}
