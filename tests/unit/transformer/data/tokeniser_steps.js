// Makes tokeniser_steps.json: what Hugging Face's tokenizers (npm package tokenizers 0.23.2) makes of some texts with
// every kind of step around a model that leaves bytes as they are; ids and types are spelt as code points.  npm install tokenizers@0.23.2 --ignore-scripts;
// NODE_PATH=node_modules node tokeniser_steps.js > tokeniser_steps.json
const { Tokenizer } = require('tokenizers');

const alphabet = [];
for (let b = 0, n = 0; b < 256; b++) {
  const printable = (b > 32 && b < 127) || (b > 160 && b < 173) || b > 173;
  alphabet.push(String.fromCodePoint(printable ? b : 256 + n++));
}
const model = {
  type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null,
  fuse_unk: false, byte_fallback: false, vocab: Object.fromEntries(alphabet.map((c, i) => [c, i])), merges: [],
};
const named = (type, more) => ({ type, ...more });
const all = (key, list) => named('Sequence', { [key]: list });
const bert = (clean_text, handle_chinese_chars, strip_accents, lowercase) =>
  named('BertNormalizer', { clean_text, handle_chinese_chars, strip_accents, lowercase });
const replace = (pattern, content) => named('Replace', { pattern, content });
const strip = (strip_left, strip_right) => named('Strip', { strip_left, strip_right });
const split = (behavior, invert, String) => named('Split', { pattern: { String }, behavior, invert });
const meta = more => named('Metaspace', { replacement: '▁', ...more });
const token = (id, content, normalized, lstrip, rstrip, single_word) =>
  ({ id, content, normalized, lstrip, rstrip, single_word, special: !normalized });

const normalizers = {
  bert: bert(true, true, null, true), bert_cased: bert(true, true, null, false), bert_accents: bert(false, true, true, false),
  bert_lower: bert(false, false, false, true), nfc: named('NFC'), nfd: named('NFD'), nfkc: named('NFKC'),
  nfkd: named('NFKD'), lowercase: named('Lowercase'), strip_accents: named('StripAccents'),
  albert: all('normalizers', [replace({ String: '``' }, '"'), replace({ String: "''" }, '"'), named('NFKD'),
    named('StripAccents'), named('Lowercase')]),
  left: all('normalizers', [strip(true, false), replace({ Regex: ' {2,}' }, '_')]),
  right: all('normalizers', [strip(false, true), replace({ Regex: '\\s+' }, '')]),
  prepend: all('normalizers', [named('Prepend', { prepend: '▁' }), replace({ String: ' ' }, '▁')]),
  both: all('normalizers', [strip(true, true), replace({ Regex: '\\s{2,}' }, ' '), replace({ Regex: ' +' }, '-')]),
};
const pretokenizers = {
  bert: [named('BertPreTokenizer')], whitespace: [named('Whitespace')], whitespace_split: [named('WhitespaceSplit')],
  digits: [named('Digits', { individual_digits: true })], numbers: [named('Digits', { individual_digits: false })],
  metaspace_first: [meta({ prepend_scheme: 'first', split: true })],
  metaspace_always: [meta({ prepend_scheme: 'always', split: true })],
  metaspace_never: [meta({ prepend_scheme: 'never', split: false })],
  two: [named('WhitespaceSplit'), meta({ add_prefix_space: true }), named('Punctuation')],
};
for (const b of ['Isolated', 'Removed', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous']) {
  pretokenizers['punctuation_' + b] = [named('Punctuation', { behavior: b })];
  pretokenizers['split_' + b] = [split(b, false, ' ')];
  pretokenizers['inverted_' + b] = [split(b, true, 'a')];
}
const added = [token(256, '[CLS]', false), token(257, '[SEP]', false, true, true), token(258, '[MASK]', true, true),
  token(259, 'unaffable', true, false, false, true), token(260, 'AB', false, false, true, true),
  token(261, '  ', false), token(262, 'ABC', true), token(263, 'É', true, true)];
for (const t of added)
  for (const k of ['lstrip', 'rstrip', 'single_word'])
    t[k] = !!t[k];
const special = (id, type_id) => ({ SpecialToken: { id, type_id } }), text = (id, type_id) => ({ Sequence: { id, type_id } });
const processors = {
  none: null, byte_level: named('ByteLevel', { add_prefix_space: true, trim_offsets: true, use_regex: true }),
  bert: named('BertProcessing', { sep: ['[SEP]', 257], cls: ['[CLS]', 256] }),
  roberta: named('RobertaProcessing', { sep: ['[SEP]', 257], cls: ['[CLS]', 256], trim_offsets: true, add_prefix_space: true }),
  template: all('processors', [named('ByteLevel', { add_prefix_space: true, trim_offsets: false, use_regex: true }),
    named('TemplateProcessing', {
      single: [text('A', 3), special('x', 2), special('y', 0)],
      pair: [special('y', 1), text('B', 0), special('x', 4), text('A', 1)],
      special_tokens: { x: { id: 'x', ids: [256, 259], tokens: ['[CLS]', 'unaffable'] }, y: { id: 'y', ids: [257], tokens: ['[SEP]'] } },
    })]),
};

const texts = ['', ' ', 'a', 'Hello,  World!', ' \t\nÀ la carte\r\n ', 'e\u0301E\u0301 ÅÅ ﬁ①Ⅷ²', '漢字か한국어カ゚', "``don't'' --x?!-",
  'x\u0000y\u200bz\ufffd\u00ad\u0085w', 'İIıΑΣ ΟΔΟΣ ẞ Dž', '12 3٣४5', '[CLS] a [SEP] b[MASK] c  [mask]', 'unaffable unaffables Unaffable,AB ABC AB',
  'a\u0316\u0301\ufe0c\u0316\u{1d16f}\u302e', ' ▁a▁ b', 'a  b   c\u3000\u00a0d', 'éÉ aÉ  É', 'ⓐⒶ_x\u200dy snake_case', '\u{11938}\u{11935}\u{11930}',
  'aa baab', '\u1100\u1161\u11a8\uac01 \u2126\u212a\u2000', '  AB   [SEP]  [SEP]', '\u{1f600}\u{1f1eb}\u{1f1f7}\u{10400}'];

const steps = pre => all('pretokenizers', [...pre, named('ByteLevel', { add_prefix_space: true, trim_offsets: true, use_regex: false })]);
const spell = ids => String.fromCodePoint(...ids);
const out = { model, texts, cases: [], pairs: [] };

function make(name, normalizer, pre, added_tokens, post_processor) {
  const parts = { normalizer, pre_tokenizer: steps(pre), added_tokens, post_processor };
  const t = Tokenizer.fromString(JSON.stringify({ version: '1.0', truncation: null, padding: null, decoder: null, ...parts, model }));
  return [{ name, ...parts }, t];
}

async function one(name, normalizer, pre, added_tokens) {
  const [c, t] = make(name, normalizer, pre, added_tokens, null);
  c.ids = [];
  for (const s of texts)
    c.ids.push(spell((await t.encode(s)).getIds()));
  out.cases.push(c);
}

async function pairs(name, post) {
  const [c, t] = make(name, null, [], added, post);
  c.runs = [];
  for (const [a, b] of [['ab', 'cdefg'], ['abcdefgh', 'xyz'], ['', 'x']])
    for (const longest of [0, 5, 8, 11])
      for (const pair of [null, b]) {
        if (longest)
          t.setTruncation(longest);
        else
          t.disableTruncation();
        const e = await t.encode(a, pair);
        c.runs.push({ a, b: pair, longest, ids: spell(e.getIds()), types: spell(e.getTypeIds()) });
      }
  out.pairs.push(c);
}

(async () => {
  for (const k in normalizers)
    await one('normalizer ' + k, normalizers[k], k.startsWith('bert') ? pretokenizers.bert : [], []);
  for (const k in pretokenizers)
    await one('pre_tokenizer ' + k, null, pretokenizers[k], []);
  await one('added', null, pretokenizers.metaspace_first, added);
  await one('added bert', normalizers.bert, pretokenizers.bert, added);
  await one('added albert', normalizers.albert, pretokenizers.bert, added);
  await one('added prepend', normalizers.prepend, [], added);
  for (const k in processors)
    await pairs(k, processors[k]);
  const lines = list => '[\n' + list.map(x => JSON.stringify(x)).join(',\n') + '\n]';
  console.log(`{"model": ${JSON.stringify(model)},\n"texts": ${lines(texts)},\n"cases": ${lines(out.cases)},\n"pairs": ${lines(out.pairs)}}`);
})();
