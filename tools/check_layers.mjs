// Reads every #include below src/ against tools/layers.toml. Exits 1 and names each line that breaks a rule.
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';

const rules = {};
let section = null;
for (const line of readFileSync('tools/layers.toml', 'utf8').split('\n')) {
  const text = line.replace(/#.*$/, '').trim();
  const header = text.match(/^\[(\w+)\]$/);
  if (header) section = rules[header[1]] = {};
  const pair = text.match(/^"?([^"=]+?)"?\s*=\s*(\[.*\])$/);
  if (pair) section[pair[1]] = JSON.parse(pair[2]);
}

function* sources(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* sources(path);
    else if (/\.(h|cpp)$/.test(name)) yield path;
  }
}

const problems = [];
let files = 0;
let includes = 0;
for (const path of sources('src')) {
  ++files;
  const [, level, noun] = path.split('/');
  const isTest = /_test\.cpp$/.test(path) || path.includes('/testing/');
  readFileSync(path, 'utf8').split('\n').forEach((line, index) => {
    const match = line.match(/^\s*#\s*include\s*([<"])([^>"]+)[>"]/);
    if (!match) return;
    ++includes;
    const target = match[2];
    const say = (why) => problems.push(`${path}:${index + 1}: includes ${target}: ${why}`);
    for (const [prefix, places] of Object.entries(rules.only_in)) {
      if (target.startsWith(prefix) && !isTest && !places.some((place) => path.startsWith(place))) say(`only ${places.join(', ')} may`);
    }
    if (match[1] !== '"') return;
    const [targetLevel, targetNoun] = target.split('/');
    if (!(targetLevel in rules.levels)) return say('quoted includes are paths below src/');
    if (targetLevel !== level && !rules.levels[level].includes(targetLevel)) return say(`${level} may include only ${rules.levels[level].join(', ') || 'itself'}`);
    const order = rules.order[level];
    if (order && targetLevel === level) {
      if (!order.includes(noun) || !order.includes(targetNoun)) return say(`${noun} or ${targetNoun} is missing from [order] in tools/layers.toml`);
      if (order.indexOf(targetNoun) > order.indexOf(noun)) say(`${noun} comes before ${targetNoun}`);
    }
  });
}

for (const problem of problems) console.log(problem);
console.log(`layers: ${includes} includes in ${files} files, ${problems.length} against the rules`);
process.exit(problems.length ? 1 : 0);
