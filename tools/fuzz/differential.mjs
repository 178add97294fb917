// SPDX-License-Identifier: Apache-2.0
// Compares tinywasm with the engine this script runs in (node or deno: V8; bun: JavaScriptCore) on
// modules that binaryen's wasm-opt makes of random bytes, or on our own programs. See README.md.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

const kFeatures = ['sign-ext', 'mutable-globals', 'nontrapping-float-to-int', 'simd', 'bulk-memory',
  'exception-handling', 'tail-call', 'reference-types', 'multivalue', 'gc', 'memory64',
  'relaxed-simd', 'extended-const', 'multimemory'];
const kOptimisations = [[], ['-O1'], ['-O3'], ['-Os'], ['-O4']];

function usage(message) {
  if (message) console.error(`differential: ${message}`);
  console.error(`usage: node differential.mjs --trace FUZZ_TRACE [options] [MODULE.wasm...]
  --trace PATH      the program fuzz_trace of a build
  --wasm-opt PATH   binaryen's wasm-opt (default: wasm-opt)
  --count N         modules to make (default 100)
  --seed N          of the first of them (default 1)
  --features LIST   wasm-opt's names of features, with commas (default: those of Wasm 3.0)
  --ways LIST       of running tinywasm (default: fused,plain,loop)
  --keep DIR        where modules that differ are kept (default: .)
  --replay PATH     the program fuzz_replay of a build: the modules are its programs of these
                    numbers, not wasm-opt's
With modules named, those are compared instead.`);
  process.exit(2);
}

function options(argv) {
  const found = { 'wasm-opt': 'wasm-opt', count: '100', seed: '1', features: kFeatures.join(','),
    ways: 'fused,plain,loop', keep: '.', replay: '', modules: [] };
  for (let i = 0; i < argv.length; ++i) {
    if (!argv[i].startsWith('--')) {
      found.modules.push(argv[i]);
      continue;
    }
    const name = argv[i].slice(2);
    if (!(name in found || name === 'trace') || i + 1 === argv.length) usage(`what is ${argv[i]}?`);
    found[name] = argv[++i];
  }
  if (!found.trace) usage('--trace is missing');
  return found;
}

// ---- Making modules

/// Bytes that depend on the seed alone.
function random_bytes(seed) {
  const size = 500 + (seed * 7919) % 12000;
  const blocks = [];
  for (let i = 0; i * 32 < size; ++i) {
    blocks.push(createHash('sha256').update(`${seed} ${i}`).digest());
  }
  return Buffer.concat(blocks).subarray(0, size);
}

function make_module(opts, seed, directory) {
  const input = path.join(directory, `${seed}.bin`);
  const output = path.join(directory, `${seed}.wasm`);
  fs.writeFileSync(input, random_bytes(seed));
  const flags = opts.features.split(',').map((feature) => `--enable-${feature}`);
  // NaNs differ in their bits from engine to engine: they are removed wherever they could be seen.
  const made = spawnSync(opts['wasm-opt'], ['-ttf', '--mvp-features', ...flags, input,
    ...kOptimisations[seed % kOptimisations.length], '--translate-to-exnref', '--emit-exnref',
    '--denan', '-o', output], { stdio: 'ignore', timeout: 60000 });
  fs.rmSync(input);
  if (made.error) usage(`cannot run ${opts['wasm-opt']}: ${made.error.message}`);
  return made.status === 0 ? output : null;
}

const kBatch = 50;

/// Programs by number: the files.
function make_programs(opts, first, count, directory) {
  const made = spawnSync(opts.replay, ['run_programs', '--portable', '--write', directory,
    '--first', `${first}`, '--seeds', `${count}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (made.error || made.status !== 0) usage(`cannot run ${opts.replay}`);
  return Array.from({ length: count }, (_, i) => path.join(directory, `program-${first + i}.wasm`));
}

// ---- What this engine does

const scratch = new DataView(new ArrayBuffer(8));
function show(value, type) {
  switch (type) {
    case 'i32': return `i32:${(value >>> 0).toString(16)}`;
    case 'i64': return `i64:${BigInt.asUintN(64, value).toString(16)}`;
    case 'f32':
      scratch.setFloat32(0, value);
      return value !== value ? 'f32:nan' : `f32:${scratch.getUint32(0).toString(16)}`;
    case 'f64':
      scratch.setFloat64(0, value);
      return value !== value ? 'f64:nan' : `f64:${scratch.getBigUint64(0).toString(16)}`;
    default: return value === null || value === undefined ? 'null' : 'ref';
  }
}
function zero(type) {
  if (type === 'i64') return 0n;
  return ['i32', 'f32', 'f64'].includes(type) ? 0 : null;  // an i31ref is null, too
}

/// JavaScript can neither pass nor take these.
const is_hidden = (type) => type === 'v128' || type.includes('exn');

const js_type = (type) => (type === 'funcref' ? 'anyfunc' : type);

function hash(buffer) {
  const words = new Uint32Array(buffer);
  let value = 2166136261;
  for (let i = 0; i < words.length; ++i) {
    if (words[i] !== 0) value = Math.imul(value ^ words[i] ^ (i * 4), 16777619);
  }
  return (value >>> 0).toString(16);
}

function ending(error) {
  if (error instanceof WebAssembly.Exception) return 'exception';
  const text = String(error.message);
  if (error instanceof RangeError || /stack|too large|memory allocation/i.test(text)) return 'limit';
  if (error instanceof WebAssembly.RuntimeError) return 'trap';
  return `error: ${text}`;
}

function trace(file, types) {
  const lines = [];
  let module;
  try {
    module = new WebAssembly.Module(fs.readFileSync(file));
  } catch (error) {
    return [`load ${error.message}`];
  }
  const imports = {};
  for (const { module: from, name, type } of types.imports) {
    imports[from] ??= {};
    if (type.kind === 'func') {
      imports[from][name] = (...values) => {
        lines.push(['  import', name, ...values.map((v, i) => show(v, type.params[i]))].join(' '));
        const results = type.results.map(zero);
        return results.length > 1 ? results : results[0];
      };
    } else if (type.kind === 'global') {
      imports[from][name] = type.mutable || type.type === 'i64'
        ? new WebAssembly.Global({ value: type.type, mutable: type.mutable }, zero(type.type))
        : type.type.startsWith('(ref ') && !type.type.startsWith('(ref null') ? {} : zero(type.type);
    } else if (type.kind === 'tag') {
      if (type.params.some(is_hidden)) return ['skip'];
      imports[from][name] = new WebAssembly.Tag({ parameters: type.params.map(js_type) });
    } else {
      return ['skip'];
    }
  }
  let instance;
  try {
    instance = new WebAssembly.Instance(module, imports);
  } catch (error) {
    lines.push(`instantiate ${ending(error)}`);
    return lines;
  }
  const show_state = () => {
    for (const { name, type } of types.exports) {
      const item = instance.exports[name];
      if (type.kind === 'memory') {
        lines.push(`  memory ${name} ${item.buffer.byteLength} ${hash(item.buffer)}`);
      } else if (type.kind === 'global' && type.type !== 'v128') {
        lines.push(`  global ${name} ${is_hidden(type.type) ? '?' : show(item.value, type.type)}`);
      }
    }
  };
  show_state();
  for (const { name, type } of types.exports) {
    if (type.kind !== 'func' || !type.callable) continue;
    lines.push(`call ${name}`);
    if ([...type.params, ...type.results].some(is_hidden)) {
      lines.push('  hidden');
    } else {
      try {
        const result = instance.exports[name](...type.params.map(zero));
        const results = type.results.length > 1 ? [...result] : type.results.length ? [result] : [];
        lines.push(['  returns', ...results.map((v, i) => show(v, type.results[i]))].join(' '));
      } catch (error) {
        lines.push(`  ${ending(error)}`);
      }
    }
    show_state();
  }
  return lines;
}

// ---- Comparing

function run(opts, args) {
  const ran = spawnSync(opts.trace, args, { maxBuffer: 1 << 30, timeout: 120000 });
  return { text: ran.stdout ? ran.stdout.toString() : '', failed: ran.status !== 0, ran };
}

/// The first place where two traces differ, or null. From a limit of either engine on they may.
function difference(ours, theirs) {
  for (let i = 0; i < Math.max(ours.length, theirs.length); ++i) {
    const [a, b] = [ours[i] ?? '(end)', theirs[i] ?? '(end)'];
    if (a.trim().endsWith('limit') || b.trim().endsWith('limit') || b === '  hidden') return null;
    if (a.startsWith('  import') && a.includes('v128:')) return null;  // JavaScript ends there
    if (b.endsWith(' ?') || a === b) continue;
    return { line: i, ours: a, theirs: b };
  }
  return null;
}

/// What is different, by file.
function compare(opts, files) {
  const found = new Map(files.map((file) => [file, []]));
  const runs = [['--types'], ...opts.ways.split(',').map((way) => ['--way', way])];
  const [described, ...traces] = runs.map((args) => run(opts, [...args, ...files]));
  const failed = [described, ...traces].findIndex((one) => one.failed);
  if (failed >= 0 && files.length > 1) {
    files.forEach((file) => found.set(file, compare(opts, [file]).get(file)));
    return found;
  }
  if (failed >= 0) {
    const { ran } = [described, ...traces][failed];
    found.get(files[0]).push(`${runs[failed].at(-1)}: fuzz_trace failed: ${ran.signal} ${ran.stderr}`);
    return found;
  }
  const types = described.text.trimEnd().split('\n').map((line) => JSON.parse(line));
  const mine = traces.map(({ text }) => text.split(/^== .*\n/m).slice(1));
  files.forEach((file, i) => {
    const theirs = types[i] === null ? ['load'] : trace(file, types[i]);
    if (theirs[0] === 'skip') return;
    opts.ways.split(',').forEach((way, k) => {
      const differs = difference(mine[k][i].trimEnd().split('\n'), theirs);
      if (!differs) return;
      found.get(file).push(`${way}: line ${differs.line}: "${differs.ours}", here "${differs.theirs}"`);
    });
  });
  return found;
}

const opts = options(process.argv.slice(2));
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'differential-'));
const tally = { compared: 0, different: 0, unmade: 0 };
function check(files, keep) {
  for (const [file, found] of compare(opts, files)) {
    ++tally.compared;
    if (found.length === 0) continue;
    ++tally.different;
    found.forEach((line) => console.log(`${file}: ${line}`));
    if (keep) fs.copyFileSync(file, path.join(opts.keep, path.basename(file)));
  }
}
const end = Number(opts.seed) + Number(opts.count);
if (opts.modules.length > 0) {
  opts.modules.forEach((file) => check([file], false));
} else if (opts.replay) {
  for (let first = Number(opts.seed); first < end; first += kBatch) {
    const files = make_programs(opts, first, Math.min(kBatch, end - first), directory);
    check(files, true);
    files.forEach((file) => fs.rmSync(file));
  }
} else {
  for (let seed = Number(opts.seed); seed < end; ++seed) {
    const file = make_module(opts, seed, directory);
    if (file === null) {
      ++tally.unmade;
      continue;
    }
    check([file], true);
    fs.rmSync(file);
  }
}
fs.rmSync(directory, { recursive: true });
console.log(`${tally.compared} modules compared, ${tally.different} differ, ` +
  `${tally.unmade} could not be made`);
process.exitCode = tally.different > 0 ? 1 : 0;
