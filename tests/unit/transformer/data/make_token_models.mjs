// make_token_models.mjs: small BPE and Unigram tokenisers of our own making, and the ids that Hugging Face's
// tokenizers gives with them. Writes token_models.json beside itself:
//     npm install --ignore-scripts tokenizers@0.23.2 && node make_token_models.mjs
import { createRequire } from 'node:module'
import { writeFileSync } from 'node:fs'
const require = createRequire(process.cwd() + '/')
const { Tokenizer } = require('tokenizers')

const TEXT = `The agent picks one tool out of a hundred thousand, sees what it is worth, and learns from it. It's
fast: there's no padding, nothing is copied, and we've kept the numbers (12, 345, 6,789.01) as they'd be. The cat
isn't here; the cats aren't there, they'll come at 10:45. Don't you think so? I'm sure that "it" would've worked.
Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. L'été, la forêt était là; où est-elle allée ?
Съешь же ещё этих мягких французских булок, да выпей чаю. 東京都に住んでいます。人工知能 학교에 갑니다.
for (size_t i = 0; i < n; i++) sum += x[i] * y[i];   // a loop
the the then there their these those other another mother brother weather whether
`.repeat(2)

// A generator of numbers that is the same everywhere (Numerical Recipes' LCG).
let state = 12345
const random = (n) => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return Math.floor(state / 2 ** 32 * n) }

const printable = Array.from({ length: 256 }, (_, b) => b)
let next = 256
for (let b = 0; b < 256; b++)
  if (b <= 32 || (b >= 127 && b <= 160) || b === 173) printable[b] = next++
const spell = (s) => Array.from(Buffer.from(s, 'utf8'), (b) => String.fromCharCode(printable[b]))

const GPT2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

// Merges by the most frequent pair, ties by text.
function train(words, n) {
  const merges = []
  for (let k = 0; k < n; k++) {
    const count = new Map()
    for (const w of words)
      for (let i = 0; i + 1 < w.length; i++) {
        const key = w[i] + ' ' + w[i + 1]
        count.set(key, (count.get(key) ?? 0) + 1)
      }
    const best = [...count].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]
    if (!best || best[1] < 2) break
    merges.push(best[0])
    const [a, b] = best[0].split(' ')
    words = words.map((w) => {
      const out = []
      for (let i = 0; i < w.length; i++)
        if (w[i] === a && w[i + 1] === b) { out.push(a + b); i++ } else out.push(w[i])
      return out
    })
  }
  return merges
}

const ids = (tokens) => Object.fromEntries([...new Set(tokens)].map((t, i) => [t, i]))
const joined = (merges, cut = 0) => merges.map((m) => m.split(' ')[0] + m.split(' ')[1].slice(cut))
const bpe = (more) => ({ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null,
  end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: false, ...more })
const bytes = Array.from({ length: 256 }, (_, b) => '<0x' + b.toString(16).toUpperCase().padStart(2, '0') + '>')
const byteLevel = (add) => ({ type: 'ByteLevel', add_prefix_space: add, trim_offsets: true, use_regex: true })
const letters = [...new Set('abcdefghijklmnopqrstuvwxyz.,\'éü')]

function gpt2() {
  const merges = train(TEXT.match(GPT2).map(spell), 200)
  const vocab = ids([...printable.map((c) => String.fromCharCode(c)), ...joined(merges)])
  return bpe({ vocab, merges, continuing_subword_prefix: '', end_of_word_suffix: '' })
}

function clip() {
  const words = TEXT.toLowerCase().match(/[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+/gu).map(spell)
  for (const w of words) w[w.length - 1] += '</w>'
  const merges = train(words, 150)
  const alphabet = printable.map((c) => String.fromCharCode(c))
  const vocab = ids([...alphabet, ...alphabet.map((c) => c + '</w>'), ...joined(merges), '<|endoftext|>'])
  return bpe({ vocab, merges: merges.map((m) => m.split(' ')), unk_token: '<|endoftext|>',
    end_of_word_suffix: '</w>', continuing_subword_prefix: '' })
}

// Characters, some of which are missing; what happens to those differs.
function characters(more, extra) {
  const words = TEXT.match(/\p{L}+/gu).map((w) => [...w].filter((c) => letters.includes(c)))
  const merges = train(words, 40)
  return bpe({ vocab: ids(['<unk>', ...extra, ...letters, ...joined(merges)]), merges, ...more })
}

function prefixed() {
  const pairs = [['t', '##h'], ['th', '##e'], ['##e', '##r'], ['##t', '##h'], ['##th', '##er'], ['o', '##th'],
    ['the', '##r']]
  const vocab = ids(['<unk>', ...letters, ...letters.map((c) => '##' + c), ...pairs.map(([a, b]) => a + b.slice(2)),
    'mother', 'cats'])
  return bpe({ vocab, merges: pairs, unk_token: '<unk>', continuing_subword_prefix: '##', ignore_merges: true })
}

// A double-array trie as darts-clone writes it, then the replacements, each with a NUL behind it.
function charsmap(rules) {
  const root = { next: new Map(), value: -1 }
  const blob = []
  for (const [key, value] of rules) {
    let node = root
    for (const b of Buffer.from(key, 'utf8')) {
      if (!node.next.has(b)) node.next.set(b, { next: new Map(), value: -1 })
      node = node.next.get(b)
    }
    node.value = blob.length
    blob.push(...Buffer.from(value, 'utf8'), 0)
  }
  const unit = new Map([[0, 0]])
  const queue = [[root, 0, 0]]
  let start = 1
  while (queue.length) {
    const [node, at, label] = queue.shift()
    const labels = [...(node.value >= 0 ? [0] : []), ...node.next.keys()]
    if (labels.length) {
      let base = start
      while (labels.some((c) => unit.has(base ^ c))) base++
      for (const c of labels) unit.set(base ^ c, 0)
      unit.set(at, (((at ^ base) << 10) | (node.value >= 0 ? 256 : 0) | label) >>> 0)
      if (node.value >= 0) unit.set(base, (0x80000000 | node.value) >>> 0)
      for (const [c, child] of node.next) queue.push([child, base ^ c, c])
    }
    while (unit.has(start)) start++
  }
  const units = Math.max(...unit.keys()) + 1
  const out = Buffer.alloc(4 + 4 * units + blob.length)
  out.writeUInt32LE(4 * units, 0)
  for (const [at, u] of unit) out.writeUInt32LE(u, 4 + 4 * at)
  Buffer.from(blob).copy(out, 4 + 4 * units)
  return out.toString('base64')
}

const RULES = [['\t', ' '], ['\n', ' '], ['\r', ' '], ['\u00a0', ' '], ['\u3000', ' '], ['\u00ad', ''],
  ['\u200b', ''], ['`', "'"], ['\u212b', '\u00c5'], ['e\u0301', 'é'], ['u\u0308', 'ü'], ['\ufb01', 'fi'],
  ['\u2460', '1'], ['½', '1⁄2'], ['…', '...'], ['\u0130', 'i\u0307'], ['\u2122', 'TM'], ['㌔', 'キロ'],
  ['\u1100\u1161', '가'], ['\u{1f170}', 'A'],
  ...Array.from({ length: 26 }, (_, i) => [String.fromCharCode(0xff41 + i), String.fromCharCode(97 + i)])]

function unigram(more, extra) {
  const count = new Map()
  for (const w of TEXT.split(/\s+/).filter(Boolean).map((x) => [...'▁' + x]))
    for (let i = 0; i < w.length; i++)
      for (let k = i + 1; k <= Math.min(w.length, i + 6); k++) {
        const s = w.slice(i, k).join('')
        count.set(s, (count.get(s) ?? 0) + 1)
      }
  const kept = [...count].filter(([s, n]) => ([...s].length === 1 ? !'кя東qß'.includes(s) : n >= 6))
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
  const total = kept.reduce((t, [s, n]) => t + n, 0)
  const score = (s, n) => Math.round(1e4 * Math.log(n / total)) / 1e4
  return { type: 'Unigram', unk_id: 2, byte_fallback: false, vocab: [['<s>', 0], ['</s>', 0], ['<unk>', 0],
    ...extra.map((t) => [t, -20]), ...kept.map(([s, n]) => [s, score(s, n)]), ['th', -9.25], ['кя', -30.5]], ...more }
}

const PLAIN = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"
const SPLIT = '<\\|startoftext\\|>|<\\|endoftext\\|>|' + PLAIN
const split = (pattern) => ({ type: 'Sequence', pretokenizers: [
  { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: true }, byteLevel(false)] })
const metaspace = (scheme, cut) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme: scheme, split: cut })
const map = { type: 'Precompiled', precompiled_charsmap: charsmap(RULES) }

const MODELS = [
  { name: 'gpt2', pre_tokenizer: byteLevel(false), model: gpt2() },
  { name: 'roberta', pre_tokenizer: byteLevel(true), model: 'gpt2' },
  { name: 'clip', pre_tokenizer: split(SPLIT), model: clip() },
  { name: 'clip-plain', pre_tokenizer: split(PLAIN), model: 'clip' },
  { name: 'drop', model: characters({ unk_token: null }, []) },
  { name: 'unknown', model: characters({ unk_token: '<unk>' }, []) },
  { name: 'fused', model: characters({ unk_token: '<unk>', fuse_unk: true }, []) },
  { name: 'fallback', model: characters({ unk_token: '<unk>', fuse_unk: true, byte_fallback: true },
    bytes.filter((b) => b !== '<0xE6>')) },
  { name: 'fallback-suffix', model: characters({ unk_token: '<unk>', byte_fallback: true,
    end_of_word_suffix: '</w>' }, bytes) },
  { name: 'prefix', model: prefixed() },
  { name: 'unigram', normalizer: map, pre_tokenizer: metaspace('always', true), model: unigram({}, []) },
  { name: 'unigram-whole', pre_tokenizer: metaspace('first', false), model: 'unigram' },
  { name: 'unigram-bytes', pre_tokenizer: metaspace('never', true), model: unigram({ byte_fallback: true },
    bytes.filter((b) => b !== '<0xD1>')) },
]

const POOLS = ['abcdefghij the', " \t\n\r\u00a0\u3000\u2028\u0085'", 'ABCÄÖÜéèñßÅ\u0301\u0308\u0327',
  '東京都日本語학교가\u1100\u1161', '🙂👩\u200d🚀🇩🇪\u{1f170}\ufe0f',
  '0123456789①½…`ａｂｃ\ufb01\u212b\u00ad\u200b', 'кярусский', "'s't're've'm'll'd'S",
  '.,;:!?-_()[]{}<>|@#$%^&*~']
  .map((s) => [...s])
const TEXTS = ['', ' ', '  ', '\n', ' \n \n', 'a', 'the other mother',
  "it's they've I'll we'd don't you're I'm O'S", "''s 's",
  'a  b   c    d', ' leading and trailing  ', 'tabs\t\tand\r\nlines\n\n\nend', '12345 67,890.12', 'mother cats', 'ththther',
  '<|endoftext|>', 'x!<|startoftext|>=y<|endoftext|>!', '<|endoftex', '▁a▁▁b ▁',
  'qqq ß кякя яяя', '<unk> x <unk>y', '<0x41>',
  'thethetherthe'.repeat(12), 'ab'.repeat(40) + ' ' + '!'.repeat(60), 'e\u0301 u\u0308 e\u0301\u0327 \r\n\u00aa\u0301',
  ...TEXT.split('\n').slice(0, 7)]
for (let i = 0; i < 40; i++) {
  let s = ''
  const one = random(2) ? [POOLS[random(POOLS.length)], POOLS[0]] : POOLS
  for (let n = random(22); n > 0; n--) {
    const pool = one[random(one.length)]
    s += pool[random(pool.length)]
  }
  TEXTS.push(s)
}

const models = new Map(MODELS.filter((m) => typeof m.model !== 'string').map((m) => [m.name, m.model]))
const cases = []
for (const m of MODELS) {
  const tokenizer = { version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: m.normalizer ?? null,
    pre_tokenizer: m.pre_tokenizer ?? null, post_processor: null, decoder: null,
    model: typeof m.model === 'string' ? models.get(m.model) : m.model }
  const t = Tokenizer.fromString(JSON.stringify(tokenizer))
  const made = await t.encodeBatch(TEXTS)
  cases.push({ name: m.name, normalizer: m.normalizer ?? null, pre_tokenizer: m.pre_tokenizer ?? null, model: m.model,
    ids: made.map((e) => e.getIds().join(' ')) })
}
writeFileSync(new URL('token_models.json', import.meta.url),
  '{"texts": ' + JSON.stringify(TEXTS) + ',\n"cases": [\n' + cases.map((c) => JSON.stringify(c)).join(',\n') + '\n]}\n')
