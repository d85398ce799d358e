// A BERT encoder of random weights in ONNX Runtime: the rival that bench-encoder is measured beside.
//
//   npm install --ignore-scripts onnxruntime-node         in any folder; name it in NODE_PATH
//   node onnx_bert.mjs LAYERS HIDDEN HEADS FFN THREADS PRECISION < jobs.json
//
// PRECISION is f32, or int8 (dynamic quantisation, as ONNX Runtime's own tool does it). jobs.json is a list of
// { "name": …, "batches": [[tokens of each text], …], "runs": n }: each run feeds the batches one after another, every
// batch padded to its longest text with an attention mask. Printed is a line a job: name, texts, median seconds.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

// import ignores NODE_PATH; require does not.
const ort = createRequire(import.meta.url)('onnxruntime-node');

const FLOAT = 1, INT8 = 3, INT64 = 7;
const [layers, hidden, heads, ffn, threads] = process.argv.slice(2, 7).map(Number);
const int8 = process.argv[7] === 'int8';
const vocabulary = 30522, positions = 512;

// ---- the few protocol buffer messages that a model file is made of ----

function varint(value) {
  const out = [];
  let v = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(v & 127n);
    v >>= 7n;
    out.push(v ? low | 128 : low);
  } while (v);
  return Buffer.from(out);
}
const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => {
  const b = Buffer.isBuffer(value) ? value : Buffer.from(value);
  return Buffer.concat([varint(field << 3 | 2), varint(b.length), b]);
};
const float = (field, value) => {
  const b = Buffer.alloc(4);
  b.writeFloatLE(value);
  return Buffer.concat([varint(field << 3 | 5), b]);
};

const attribute = (name, value) => bytes(5, Buffer.concat([bytes(1, name), ...(
  Array.isArray(value) ? [...value.map((v) => number(8, v)), number(20, 7)] :
  Number.isInteger(value) ? [number(3, value), number(20, 2)] :
  [float(2, value), number(20, 1)])]));

const nodes = [], tensors = [];
let made = 0;

function node(type, inputs, attributes = {}, outputs = 1, domain = '') {
  const names = Array.from({ length: outputs }, () => `t${made++}`);
  nodes.push(bytes(1, Buffer.concat([
    ...inputs.map((i) => bytes(1, i)), ...names.map((n) => bytes(2, n)), bytes(3, `n${made++}`), bytes(4, type),
    ...Object.entries(attributes).map(([k, v]) => attribute(k, v)), bytes(7, domain)])));
  return outputs === 1 ? names[0] : names;
}

function tensor(array, dims, type) {
  const name = `w${made++}`;
  tensors.push(bytes(5, Buffer.concat([...dims.map((d) => number(1, d)), number(2, type), bytes(8, name),
    bytes(9, Buffer.from(array.buffer))])));
  return name;
}

let state = 12345;
function random(n, scale) {
  const a = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    state = Math.imul(state, 1664525) + 1013904223 | 0;
    a[i] = state / 2147483648 * scale;
  }
  return a;
}
const weight = (...dims) => tensor(random(dims.reduce((a, b) => a * b), 0.06), dims, FLOAT);
const constant = (value) => tensor(new Float32Array([value]), [], FLOAT);
const shape = (...dims) => tensor(new BigInt64Array(dims.map(BigInt)), [dims.length], INT64);

// ---- the network ----

function linear(x, inputs, outputs) {
  if (!int8)
    return node('Add', [node('MatMul', [x, weight(inputs, outputs)]), weight(outputs)]);
  const w = new Int8Array(inputs * outputs);
  for (let i = 0; i < w.length; i++) {
    state = Math.imul(state, 1664525) + 1013904223 | 0;
    w[i] = state >> 24;
  }
  return node('DynamicQuantizeMatMul', [x, tensor(w, [inputs, outputs], INT8), constant(0.0005),
    tensor(new Int8Array(1), [], INT8), weight(outputs)], {}, 1, 'com.microsoft');
}

function gelu(x) {
  const erf = node('Erf', [node('Div', [x, constant(Math.SQRT2)])]);
  return node('Mul', [node('Mul', [x, node('Add', [erf, constant(1)])]), constant(0.5)]);
}

const norm = (x, width) => node('LayerNormalization', [x, weight(width), weight(width)], { axis: -1, epsilon: 1e-12 + 1e-13 });

function layer(x, mask) {
  const width = hidden / heads;
  const split = (y, perm) => node('Transpose', [node('Reshape', [y, shape(0, 0, heads, width)])], { perm });
  const q = split(linear(x, hidden, hidden), [0, 2, 1, 3]);
  const k = split(linear(x, hidden, hidden), [0, 2, 3, 1]);
  const v = split(linear(x, hidden, hidden), [0, 2, 1, 3]);
  const scores = node('Div', [node('MatMul', [q, k]), constant(Math.sqrt(width))]);
  const seen = node('MatMul', [node('Softmax', [node('Add', [scores, mask])], { axis: -1 }), v]);
  const joined = node('Reshape', [node('Transpose', [seen], { perm: [0, 2, 1, 3] }), shape(0, 0, hidden)]);
  const middle = norm(node('Add', [linear(joined, hidden, hidden), x]), hidden);
  return norm(node('Add', [linear(gelu(linear(middle, hidden, ffn)), ffn, hidden), middle]), hidden);
}

function network() {
  const mask = node('Cast', ['mask'], { to: FLOAT });
  const wide = node('Unsqueeze', [mask, shape(1, 2)]);
  const added = node('Mul', [node('Sub', [constant(1), wide]), constant(-10000)]);
  const length = node('Gather', [node('Shape', ['ids']), tensor(new BigInt64Array([1n]), [], INT64)], { axis: 0 });
  const place = node('Slice', [weight(positions, hidden), shape(0), node('Unsqueeze', [length, shape(0)]), shape(0)]);
  let x = norm(node('Add', [node('Gather', [weight(vocabulary, hidden), 'ids']), place]), hidden);
  for (let i = 0; i < layers; i++)
    x = layer(x, added);
  const counted = node('Unsqueeze', [mask, shape(2)]);
  const sum = node('ReduceSum', [node('Mul', [x, counted]), shape(1)], { keepdims: 0 });
  const mean = node('Div', [sum, node('ReduceSum', [mask, shape(1)], { keepdims: 1 })]);
  return node('LpNormalization', [mean], { axis: 1, p: 2 });
}

function model() {
  const value = (name, type) => Buffer.concat([bytes(1, name), bytes(2, bytes(1, Buffer.concat([number(1, type),
    bytes(2, Buffer.concat([bytes(1, bytes(2, 'batch')), bytes(1, bytes(2, 'length'))]))])))]);
  const out = network();
  const result = Buffer.concat([bytes(1, out), bytes(2, bytes(1, number(1, FLOAT)))]);
  const graph = Buffer.concat([...nodes, bytes(2, 'bert'), ...tensors, bytes(11, value('ids', INT64)),
    bytes(11, value('mask', INT64)), bytes(12, result)]);
  const opset = (domain, version) => bytes(8, Buffer.concat([bytes(1, domain), number(2, version)]));
  return Buffer.concat([number(1, 8), opset('', 17), opset('com.microsoft', 1), bytes(7, graph)]);
}

// ---- the jobs ----

function feed(lengths) {
  const longest = Math.max(...lengths), n = lengths.length;
  const ids = new BigInt64Array(n * longest), mask = new BigInt64Array(n * longest);
  lengths.forEach((length, i) => {
    for (let j = 0; j < length; j++) {
      ids[i * longest + j] = BigInt(1000 + (i * 7919 + j * 104729) % 29000);
      mask[i * longest + j] = 1n;
    }
  });
  return { ids: new ort.Tensor('int64', ids, [n, longest]), mask: new ort.Tensor('int64', mask, [n, longest]) };
}

const session = await ort.InferenceSession.create(model(), {
  intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 3,
});
for (const job of JSON.parse(readFileSync(0))) {
  const batches = job.batches.map(feed), seconds = [];
  await session.run(batches[0]);
  for (let run = 0; run < job.runs; run++) {
    const start = process.hrtime.bigint();
    for (const batch of batches)
      await session.run(batch);
    seconds.push(Number(process.hrtime.bigint() - start) / 1e9);
  }
  seconds.sort((a, b) => a - b);
  const texts = job.batches.reduce((n, b) => n + b.length, 0);
  console.log(`${job.name}\t${texts}\t${seconds[seconds.length >> 1]}`);
}
