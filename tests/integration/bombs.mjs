// SQL that is meant to do harm, made anew from a seed: for a DuckDB folder or a SQLite file with one small table t(n INTEGER, s VARCHAR, d DATE).
// A statement may be refused; what it may not do is to stop, fill or slow the server, or to tell of a file that it was not given.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';

export const KINDS = ['depth', 'planning', 'uninterruptible', 'memory', 'output', 'files', 'series'];
export const ROWS = Array.from({length: 50}, (_, i) => [i, `word${i}`, `2024-01-${String((i % 28) + 1).padStart(2, '0')}`]);

const SQLITE_FILE = 'H4sIAAAAAAACA+3Vy2sTURQG8PuYPtKHaZs5Td+d9J02aefemWQScdFYgxWKYCwKgki1FQVtsQ66cycI4s6lIIgrt4Igbly4EgRx4V4QRPwHhIKYc4J3BhHcuHM+EpL8GAY+7pmT06c2roY7zuW9/etboeMxi3HOVh2HMSaab4tF4X/4/bcItnyJ9+LF8g1rvpIkSfKPc5i3Z9NpvhNuXby2E4ZirVGvbdadzdrRjboTLuw6J05u1o/XGwXnpnOm1lhbrzW/bjvHmhfl2+jZPMDbWK2PJEmS/B+RefxvzrPzTH6TH+Vr+Uw+lHfkFdmQR+ScTIvv4pN4K56LR+Ku2BVnxarIiwF+wD/zd/wFf8zv8Rv8HF/jBQ7sB/vC3rOX7Am7z8LmLRmDvMWHcwu39/a3fVe72i+6qqg8WECeR/aqhjXMI88RVwwrmEOeJQ4MuzCLPENc/sVuFWaQp4lLhiswjTxF7BsOYAo5R+wZLkMO2SHWhkvgIE8SK8M+TCJPEJuWrgcTyOPI2rR0NYwjjxGblq6CMeRRYtNSV2AUeYTYtNQBjCAPE5uWugzDyEPEpqUuwRBylti01D5kkQeJTUvtwSAyEJuWWgMg28SmpVZgI2eQlWmpXcggDxBHZ1mFAeR+4ugsK9CP3EdsWqoA+pDTxKalKkMa+RCxaalKcAi5l9i0VD70IvcQ69gM9iB3E6vYDHYjdxFHE6vsLotncynkaGBdO4XaiRqdZNXuRO1ADaIBtDtQ21GjaQ3sdtQ21GhYy3YbqkWPTTR9toUqW0Nphs+WqKJ1iGb2MsJKZXOtzmbyMtzqbGE0pQqf/5RUTH6VH+Qr+VQ+kLfkBbnepCRJkvwe0LghFD2c1dh6VMgucSW2Hl3kFeIgth5XkJeJy7H1uIxcJC7F1mMRuUDsx9ZjAXmJ2IutxyXkxdb2iK3HReQ8cbTw/J9EG6tNABAAAA==';

/** t.csv in a folder of its own, for DuckDB. */
export function writeFolder(folder, rows = ROWS) {
  writeFileSync(join(folder, 't.csv'), ['n,s,d', ...rows.map((row) => row.join(','))].join('\n') + '\n');
}

/** The same table, for SQLite. */
export const writeSqlite = (file) => writeFileSync(file, gunzipSync(Buffer.from(SQLITE_FILE, 'base64')));

// Numbers that are the same for the same seed (mulberry32).
function makeRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (from, to) => from + Math.floor(next() * (to - from + 1));
  return {
    int,
    pick: (list) => list[int(0, list.length - 1)],
    /** Small and large alike: the logarithm is what is even. */
    size: (from, to) => Math.round(from * (to / from) ** next()),
    word: () => Array.from({length: int(2, 4)}, () => 'abcdefghijklmnopqrstuvwxyz'[int(0, 25)]).join(''),
  };
}

const nested = (open, inner, close, depth) => open.repeat(depth) + inner + close.repeat(depth);

// `FROM t WHERE n = …` keeps the engine from computing it while it plans; without, it does.
const somewhere = (r) => r.pick(['', '', ` FROM t WHERE n = ${r.int(0, 49)}`, ` FROM t WHERE n < ${r.int(1, 5)}`, ` FROM t ORDER BY s LIMIT ${r.int(1, 3)}`]);

// A length that is nowhere written: the guard refuses those that are.
const length = (r, from, to) => r.pick([
  (size) => String(Math.min(size, 100_000)),
  (size) => `(SELECT ${Math.ceil(size / 1000)} * max(n + ${1000 - 49}) FROM t)`,
  (size) => `(${Math.ceil(size / 100)} * (SELECT count(*) + 50 FROM t))`,
])(r.size(from, to));

const duckdb = {
  depth: (r) => {
    const deep = () => {
      const [open, middle, close] = r.pick([['[', '', ']'], ['{"a":', '1', '}'], ['[{"a":', '0', '}]'], ['[1,', '2', ']']]);
      const size = length(r, 20_000, 2_000_000);
      return r.pick([`repeat('${open}', ${size})`, `repeat('${open}', ${size}) || '${middle}' || repeat('${close}', ${size})`, `repeat('${open}', ${size}) || '${middle}' || repeat('${close}', ${size})`]);
    };
    const tree = r.size(50, 3000);
    return r.pick([
      () => `SELECT ${r.pick(['json_structure', 'json_valid', 'json_type', 'json_keys', 'json_pretty', 'json_array_length', 'json', 'json_quote', 'to_json'])}(${deep()}) AS ${r.word()}_x${somewhere(r)}`,
      () => `SELECT json_merge_patch(${deep()}, ${deep()}) AS j${somewhere(r)}`,
      () => `SELECT json_contains(${deep()}, '${r.int(0, 9)}') AS j${somewhere(r)}`,
      () => `SELECT json_transform('{"${r.word()}": 1}', ${deep()}) AS j`,
      () => `SELECT from_json(${deep()}, '["${r.pick(['JSON', 'VARCHAR', 'INTEGER'])}"]') AS j${somewhere(r)}`,
      () => `SELECT json_extract(${deep()}, '${r.pick(['$..*', '$[0][0]', '$.a.a.a', '$[*]'])}') AS j${somewhere(r)}`,
      () => `SELECT json_group_structure(${deep()}) AS j FROM t`,
      () => `SELECT (${deep()})::${r.pick(['JSON', 'INTEGER[][][]', 'VARCHAR[]', 'STRUCT(a VARCHAR)', 'MAP(VARCHAR, VARCHAR)'])} AS j${somewhere(r)}`,
      () => `SELECT ${nested('(', String(r.int(1, 99)), ')', tree * 10)} AS n`,
      () => `SELECT ${nested('CASE WHEN n > 1 THEN ', 'n', ' ELSE s END', tree)} AS n FROM t`,
      () => `SELECT * FROM ${nested('(SELECT * FROM ', 't', `) ${r.word()}_q`, tree)}`,
      () => `SELECT ${nested('abs(', 'n', ')', tree)} AS n FROM t`,
      () => `SELECT ${'NOT '.repeat(tree * 3)} true AS n`,
      () => `SELECT ${Array.from({length: tree * 3}, () => r.int(1, 9)).join(r.pick(['+', '*', ' OR ', '||']))} AS n`,
      () => `SELECT ${nested('[', '1', ']', tree)} AS n`,
      () => `SELECT ${nested(`{'${r.word()}': `, 's', '}', tree)} AS n FROM t`,
    ])();
  },

  planning: (r) => r.pick([
    () => Array.from({length: r.int(12, 60)}).reduce((inner, _, i) => `SELECT a${i}.n AS n FROM (${inner.length < 20_000 ? inner : 'SELECT n FROM t'}) a${i}, (SELECT n FROM t) b${i} WHERE a${i}.n = b${i}.n`, 'SELECT n FROM t'),
    () => `WITH c0 AS (SELECT n FROM t)${Array.from({length: r.int(8, 30)}, (_, i) => `, c${i + 1} AS (SELECT a.n FROM c${i} a JOIN c${i} b USING (n))`).join('')} SELECT count(*) AS n FROM c${r.int(6, 8)}`,
    () => { const depth = r.int(10, 28); return `WITH c0 AS (SELECT ${r.int(1, 99)} AS n)${Array.from({length: depth}, (_, i) => `, c${i + 1} AS (SELECT * FROM c${i} UNION ALL SELECT * FROM c${i})`).join('')} SELECT count(*) AS n FROM c${depth}`; },
    () => { const tables = r.int(12, 120); return `SELECT count(*) AS n FROM t a0 ${Array.from({length: tables}, (_, i) => `JOIN t a${i + 1} ON a${i + 1}.n = a${r.int(0, i)}.n${r.pick(['', ' + 0'])}`).join(' ')}`; },
    () => { const tables = r.int(5, 40); return `SELECT count(*) AS n FROM ${Array.from({length: tables}, (_, i) => `t a${i}`).join(', ')} WHERE a0.n ${r.pick(['<', '<>', '='])} a${tables - 1}.n`; },
    () => `SELECT count(*) AS n FROM t WHERE n IN (${Array.from({length: r.size(500, 12_000)}, () => r.int(0, 9_999)).join(',')})`,
    () => `SELECT count(*) AS n FROM t WHERE s IN (${Array.from({length: r.size(500, 6_000)}, () => `'${r.word()}'`).join(',')})`,
    () => Array.from({length: r.size(30, 1_500)}, (_, i) => `SELECT ${i}${r.int(0, 9)} AS n${r.pick(['', ' FROM t'])}`).join(r.pick([' UNION ALL ', ' UNION ', ' EXCEPT '])),
    () => `SELECT ${Array.from({length: r.size(100, 3_000)}, (_, i) => `sum(n + ${i}) OVER (ORDER BY s) AS w${i}`).join(', ')} FROM t`,
    () => `SELECT count(*) AS n FROM t WHERE ${Array.from({length: r.size(100, 1_500)}, () => `(n = ${r.int(0, 99)} ${r.pick(['AND', 'OR'])} s < '${r.word()}')`).join(r.pick([' OR ', ' AND ']))}`,
    () => nested('SELECT count(*) AS n FROM t WHERE n IN (', 'SELECT n FROM t', ')', r.int(10, 150)).replaceAll('count(*) AS n', 'n'),
    () => `SELECT n, ${Array.from({length: r.int(5, 14)}, (_, i) => `c${i}`).join(', ')}, count(*) AS k FROM (SELECT n, ${Array.from({length: 14}, (_, i) => `n % ${i + 2} AS c${i}`).join(', ')} FROM t) GROUP BY CUBE (n, ${Array.from({length: r.int(5, 14)}, (_, i) => `c${i}`).join(', ')})`,
  ])(),

  uninterruptible: (r) => {
    const text = (from, to) => r.pick([`repeat('${r.word()}', ${length(r, from, to)})`, `lpad('${r.word()}', ${length(r, from, to)}, '${r.word()}')`]);
    return r.pick([
      () => `SELECT ${r.pick(['levenshtein', 'damerau_levenshtein', 'editdist3'])}(${text(30_000, 1_000_000)}, ${text(30_000, 1_000_000)}) AS n${somewhere(r)}`,
      () => `SELECT ${r.pick(['jaro_similarity', 'jaro_winkler_similarity', 'jaccard'])}(${text(100_000, 3_000_000)}, ${text(100_000, 3_000_000)}) AS n${somewhere(r)}`,
      () => `SELECT ${text(20_000, 1_000_000)} LIKE '${'%a%_'.repeat(r.int(5, 200))}${r.word()}' AS n${somewhere(r)}`,
      () => `SELECT ${text(20_000, 1_000_000)} ILIKE '${'%' + `${r.word()}%`.repeat(r.int(5, 200))}x' AS n${somewhere(r)}`,
      () => `SELECT ${text(1_000, 200_000)} ${r.pick(['GLOB', '~~~'])} '${'*a*?'.repeat(r.int(5, 40))}z' AS n${somewhere(r)}`,
      () => `SELECT ${r.pick(['regexp_matches', 'regexp_full_match'])}(${text(10_000, 1_000_000)}, '${r.pick(['(a+)+$', '(a|aa)*c', '((a*)*)*b', '(.*){1,90}x', '([a-z]+){50}[0-9]', '(x{1,30}){1,30}'])}') AS n${somewhere(r)}`,
      () => `SELECT length(regexp_replace(${text(10_000, 1_000_000)}, '${r.pick(['(.)(.)(.)', 'a*', '.*?', ''])}', '${'\\\\1'.repeat(r.int(1, 4))}${r.word().repeat(r.int(1, 50))}', 'g')) AS n${somewhere(r)}`,
      () => `SELECT length(replace(${text(100_000, 3_000_000)}, '${r.pick(['a', 'e', 'i', 'o'])}', ${text(1_000, 100_000)})) AS n${somewhere(r)}`,
      () => `SELECT length(${r.pick(['lpad', 'rpad'])}('${r.word()}', ${length(r, 1e6, 3e9)}::INTEGER, 'x')) AS n${somewhere(r)}`,
      () => `SELECT length(printf('%' || ${length(r, 1e5, 2e9)} || 'd', ${r.int(1, 99)})) AS n${somewhere(r)}`,
      () => `SELECT length(format('{:${r.size(1_000, 90_000)}.${r.size(1_000, 90_000)}f}', 1e${r.int(1, 300)})) AS n FROM t a, t b, t c`,
      () => `SELECT length(format('{:>' || ${length(r, 1e5, 2e9)} || '}', '${r.word()}')) AS n${somewhere(r)}`,
      () => `SELECT len(list_${r.pick(['sort', 'distinct', 'reverse_sort', 'grade_up'])}(range(${length(r, 1e5, 3e8)}))) AS n${somewhere(r)}`,
      () => `SELECT list_reduce(range(1, ${length(r, 1e5, 1e8)}), (x, y) -> (x * ${r.int(2, 9)} + y) % 1000003) AS n${somewhere(r)}`,
      () => `SELECT len(list_transform(range(${length(r, 1e5, 3e7)}), x -> md5(x::VARCHAR || '${r.word()}'))) AS n${somewhere(r)}`,
      () => `SELECT length(${r.pick(['hex', 'md5', 'sha256', 'base64', 'reverse', 'strip_accents', 'url_encode', 'nfc_normalize'])}(${text(1e6, 1e9)})) AS n${somewhere(r)}`,
      () => `SELECT len(string_split(${text(1e5, 1e8)}, '${r.pick(['', 'a', 'b', 'e'])}')) AS n${somewhere(r)}`,
      () => `SELECT factorial(${r.int(30, 40)}) AS n, to_base(${r.size(1e6, 9e15)}, ${r.int(2, 36)}, ${length(r, 1e3, 1e9)}::INTEGER) AS b${somewhere(r)}`,
    ])();
  },

  memory: (r) => {
    const [a, b] = [r.size(1_000, 100_000), r.size(1_000, 100_000)];
    const cross = r.pick([`range(${a}) x(n), range(${b}) y(m)`, `(SELECT a.n FROM t a, t b, t c) x, (SELECT a.n + ${r.int(1, 9)} AS m FROM t a, t b, t c) y`, `(SELECT range AS n FROM range(${a})) x JOIN (SELECT range AS m FROM range(${b})) y ON x.n <> y.m`]);
    return r.pick([
      () => `SELECT n, m FROM ${cross} ORDER BY hash(n * ${r.int(2, 99)} + m)`,
      () => `SELECT n, m, repeat('${r.word()}', ${r.size(10, 2_000)}) AS s FROM ${cross} ORDER BY m, n DESC LIMIT ${r.size(1_000, 5_000_000)}`,
      () => `SELECT length(string_agg(repeat(n::VARCHAR, ${r.size(10, 5_000)}), '${r.word()}')) AS k FROM ${cross}`,
      () => `SELECT len(list(n::VARCHAR || m::VARCHAR${r.pick(['', ' ORDER BY m', ' ORDER BY n'])})) AS k FROM ${cross}`,
      () => `SELECT count(*) AS k FROM (SELECT DISTINCT n, m, n * ${r.int(1, 99)} + m AS q FROM ${cross})`,
      () => `SELECT n % ${r.size(1_000, 1e9)} AS g, m, count(*) AS k, ${r.pick(['median', 'mode', 'list', 'histogram', 'entropy', 'array_agg'])}(n) AS w FROM ${cross} GROUP BY ALL`,
      () => `SELECT max(w) AS k FROM (SELECT ${r.pick(['sum(n)', 'median(m)', 'count(DISTINCT n)', 'list(n)', 'lag(m)'])} OVER (PARTITION BY n % ${r.int(1, 9)} ORDER BY m ROWS BETWEEN ${r.size(10, 1e6)} PRECEDING AND CURRENT ROW) AS w FROM ${cross})`,
      () => `WITH RECURSIVE g(n, s) AS (SELECT ${r.int(1, 9)}, '${r.word()}' UNION ALL SELECT n + 1, s || s FROM g WHERE n < ${r.size(20, 1e6)}) SELECT count(*) AS k, max(length(s)) AS l FROM g`,
      () => `WITH RECURSIVE g(n) AS (SELECT n FROM t UNION ALL SELECT g.n + t.n FROM g, t WHERE g.n < ${r.size(100, 1e9)}) SELECT count(*) AS k FROM g`,
      () => `SELECT count(*) AS k FROM (SELECT unnest(range(${length(r, 1e6, 1e10)})) AS u${somewhere(r)})`,
      () => `SELECT bitstring_agg(n + m, 0, ${r.size(1e6, 1e12)}) AS k FROM ${cross}`,
      () => `SELECT len(flatten(list(range(${r.size(1_000, 90_000)})))) AS k FROM ${cross}`,
      () => `SELECT json_group_array(repeat('${r.word()}', ${r.size(100, 90_000)})) AS k FROM ${cross}`,
      () => `SELECT len(list_resize([${r.int(1, 9)}], ${length(r, 1e6, 1e11)})) AS k${somewhere(r)}`,
    ])();
  },

  output: (r) => r.pick([
    () => `SELECT repeat('${r.word()}', ${r.size(1_000, 99_999)}) AS s FROM t a, t b, t c LIMIT ${r.size(100, 100_000)}`,
    () => `SELECT ${Array.from({length: r.size(2, 30)}, (_, i) => `repeat('${r.word()}', 99999) AS s${i}`).join(', ')} FROM t`,
    () => `SELECT string_agg(repeat('${r.word()}', ${r.size(1_000, 99_999)}), '') AS s FROM t a, t b`,
    () => `SELECT a.n, b.s, c.d, random() AS r FROM t a, t b, t c, t d${r.pick(['', ', t e'])}`,
    () => `SELECT unnest(range(${length(r, 1e5, 1e9)})) AS n${somewhere(r)}`,
    () => `SELECT ${Array.from({length: r.size(200, 4_000)}, (_, i) => `${i % 7} AS c${i}`).join(', ')} FROM t a, t b`,
    () => `SELECT ${Array.from({length: r.int(2, 20)}, (_, i) => `a.* EXCLUDE (n), b.n AS n${i}`).join(', ')} FROM t a, t b, t c`,
    () => `SELECT range(${r.size(1_000, 99_999)}) AS l, {'${r.word()}': range(${r.size(1_000, 99_999)})} AS m FROM t a, t b`,
    () => `SELECT (repeat('[', ${r.size(100, 900)}) || repeat(']', ${r.size(100, 900)})) AS s, [[[[[[[[[[a.s]]]]]]]]]] AS deep FROM t a, t b, t c`,
    () => `SELECT encode(repeat('${r.word()}', 99999)) AS b, chr(${r.int(1, 0x10ffff)}) AS c, 'nan'::DOUBLE AS f, 'infinity'::DATE AS e FROM t a, t b`,
  ])(),

  files: (r) => {
    const place = r.pick(['/etc/passwd', '/etc/shadow', '/proc/self/environ', '/proc/self/maps', '/proc/1/environ', '/proc/self/fd/3', '/dev/zero', '/dev/random', '/dev/stdin', '../operator.key', '/root/.ssh/id_rsa', 'http://127.0.0.1:1/x.csv', 's3://bucket/x.parquet', '/etc/*', '/proc/*/environ', '~/.profile']);
    return r.pick([
      () => `SELECT * FROM ${r.pick(['read_csv', 'read_csv_auto', 'read_text', 'read_blob', 'read_json', 'read_json_objects', 'read_parquet', 'parquet_metadata', 'glob', 'sniff_csv', 'sqlite_scan', 'parquet_scan', 'read_ndjson'])}('${place}')`,
      () => `SELECT * FROM '${place}' LIMIT ${r.int(1, 9)}`,
      () => `SELECT * FROM "${place}"`,
      () => `ATTACH '${place}' AS ${r.word()}_db`,
      () => `COPY (SELECT * FROM t LIMIT ${r.int(1, 50)}) TO '${r.pick(['/tmp', '/dev/shm', '/var/tmp'])}/bridge_bomb_${r.word()}.csv'`,
      () => `COPY t FROM '${place}'`,
      () => `SELECT n FROM t WHERE s = (SELECT content FROM read_text('${place}'))`,
      () => `WITH f AS (SELECT * FROM read_blob(['${place}', '/etc/hostname'])) SELECT length(content) AS n FROM f`,
      () => `${r.pick(['INSTALL', 'LOAD'])} ${r.pick(['httpfs', 'sqlite', `'${place}'`])}`,
      () => `SET ${r.pick(['enable_external_access = true', `home_directory = '${place}'`, `secret_directory = '${place}'`, 'memory_limit = \'1TB\'', 'lock_configuration = false'])}`,
      () => `SELECT getenv('${r.pick(['HOME', 'PATH', 'ANTHROPIC_API_KEY'])}') AS n`,
      () => `SELECT * FROM query('SELECT * FROM read_text(''${place}'')')`,
      () => `SELECT * FROM ${r.pick(['duckdb_settings', 'duckdb_secrets', 'duckdb_databases', 'duckdb_temporary_files', 'pragma_database_list', 'duckdb_logs'])}() WHERE ${r.int(1, 9)} = ${r.int(1, 9)}`,
      () => `SELECT 1 AS n; COPY t TO '/tmp/bridge_bomb_${r.word()}.parquet'`,
      () => `EXPORT DATABASE '/tmp/bridge_bomb_${r.word()}'`,
    ])();
  },

  series: (r) => r.pick([
    () => `SELECT count(*) AS n FROM ${r.pick(['range', 'generate_series'])}(TIMESTAMP '${r.int(1, 1999)}-01-01', TIMESTAMP '${r.int(2000, 9999)}-12-31', INTERVAL ${r.int(1, 9)} ${r.pick(['microsecond', 'millisecond', 'second'])})`,
    () => `SELECT * FROM ${r.pick(['range', 'generate_series'])}(${r.size(1e9, 1e12)})`,
    () => `SELECT sum(range * ${r.int(2, 99)}) AS n FROM range(${r.size(1e9, 1e12)})`,
    () => `SELECT len(${r.pick(['range', 'generate_series'])}(DATE '0001-01-01', DATE '9999-12-31', INTERVAL ${r.int(1, 900)} ${r.pick(['microsecond', 'second', 'minute'])})) AS n${somewhere(r)}`,
    () => `SELECT unnest(${r.pick(['range', 'generate_series'])}(d::TIMESTAMP, (d + ${r.size(10, 100_000)})::TIMESTAMP, INTERVAL 1 ${r.pick(['microsecond', 'second', 'minute'])})) AS ts FROM t`,
    () => `SELECT len(range(n * ${r.size(1e6, 4e10)})) AS n FROM t`,
    () => `SELECT count(DISTINCT range % ${r.size(1e6, 1e9)}) AS n FROM range(${r.size(1e8, 1e12)})`,
    () => `SELECT max(r.x) AS n FROM t, LATERAL (SELECT unnest(range(n * ${r.size(1e5, 1e8)})) AS x) r`,
    () => `SELECT range AS n FROM range(0, ${r.size(1e9, 9e18)}, ${r.int(1, 9)}) ORDER BY range DESC LIMIT 5`,
    () => `SELECT date_trunc('${r.pick(['day', 'hour'])}', ts) AS ts, count(*) AS n FROM generate_series(TIMESTAMP '${r.int(1900, 2000)}-01-01', TIMESTAMP '2024-01-01', INTERVAL ${r.int(1, 900)} millisecond) g(ts) GROUP BY 1`,
  ])(),
};

const endless = (r) => `g(n) AS (SELECT ${r.int(1, 99)} UNION ALL SELECT n + 1 FROM g${r.pick(['', ` LIMIT ${r.size(1e6, 1e12)}`, ` WHERE n < ${r.size(1e6, 1e12)}`])})`;
const many = (r) => Array.from({length: r.int(4, 9)}, (_, i) => `t a${i}`).join(', ');

// What SQLite has no repeat() for is made by hex() and printf(): twice as long with each step.
const doubled = (r, steps) => nested('hex(', `'${r.word()}'`, ')', steps);
const padded = (r) => r.pick([`printf('%${r.size(100, 999_999)}s', '${r.word()}')`, `printf('%*s', n * ${r.size(100, 1e8)}, s)`, `printf('%.*f', n * ${r.size(100, 1e7)}, ${r.int(1, 9)}.5)`, `replace(printf('%900s', s), ' ', printf('%900s', '${r.word()}'))`]);

const sqlite = {
  depth: (r) => {
    const tree = r.size(50, 3000);
    const [open, middle, close] = r.pick([['[', '', ']'], ['{"a":', '1', '}'], ['[1,', '2', ']']]);
    const deep = r.pick([() => `replace(printf('%999s', ''), ' ', '${open.repeat(r.int(1, 15))}')`, () => `replace(printf('%999s', ''), ' ', '${open}') || '${middle}' || replace(printf('%999s', ''), ' ', '${close}')`,
      () => `replace(replace(printf('%999s', ''), ' ', printf('%999s', '')), ' ', '${open}')`])();
    return r.pick([
      () => `SELECT ${r.pick(['json', 'json_valid', 'json_type', 'json_array_length', 'json_quote'])}(${deep}) AS j FROM t LIMIT ${r.int(1, 9)}`,
      () => `SELECT ${r.pick(['json_extract', 'json_remove'])}(${deep}, '$${r.pick(['[0]', '.a']).repeat(r.size(2, 2000))}') AS j`,
      () => `SELECT count(*) AS k FROM ${r.pick(['json_each', 'json_tree'])}(${deep})`,
      () => `SELECT count(*) AS k FROM t, ${r.pick(['json_each', 'json_tree'])}('${nested(open, middle, close, tree)}') a, json_tree('${nested('[', '1', ']', tree)}') b`,
      () => `SELECT ${nested('(', String(r.int(1, 99)), ')', tree)} AS n`,
      () => `SELECT ${nested('CASE WHEN n > 1 THEN ', 'n', ' ELSE s END', tree)} AS n FROM t`,
      () => `SELECT * FROM ${nested('(SELECT * FROM ', 't', ')', tree)}`,
      () => `SELECT ${nested('abs(', 'n', ')', tree)} AS n FROM t`,
      () => `SELECT ${'NOT '.repeat(tree)} n AS n FROM t`,
      () => `SELECT ${Array.from({length: tree * 3}, () => r.int(1, 9)).join(r.pick(['+', '*', ' OR ', '||']))} AS n`,
      () => nested('SELECT n FROM t WHERE n IN (', 'SELECT n FROM t', ')', tree),
    ])();
  },

  planning: (r) => r.pick([
    () => { const depth = r.int(10, 28); return `WITH c0 AS (SELECT n FROM t)${Array.from({length: depth}, (_, i) => `, c${i + 1} AS (SELECT a.n FROM c${i} a, c${i} b WHERE a.n = b.n)`).join('')} SELECT count(*) AS n FROM c${depth}`; },
    () => { const depth = r.int(5, 28); return `WITH c0 AS (SELECT ${r.int(1, 99)} AS n)${Array.from({length: depth}, (_, i) => `, c${i + 1} AS (SELECT * FROM c${i} UNION ALL SELECT * FROM c${i})`).join('')} SELECT count(*) AS n FROM c${depth}`; },
    () => { const tables = r.int(10, 70); return `SELECT count(*) AS n FROM t a0 ${Array.from({length: tables}, (_, i) => `JOIN t a${i + 1} ON a${i + 1}.n = a${r.int(0, i)}.n`).join(' ')}`; },
    () => { const tables = r.int(6, 63); return `SELECT count(*) AS n FROM ${Array.from({length: tables}, (_, i) => `t a${i}`).join(', ')} WHERE a0.n < a${tables - 1}.n`; },
    () => `SELECT count(*) AS n FROM t WHERE n IN (${Array.from({length: r.size(500, 12_000)}, () => r.int(0, 9_999)).join(',')})`,
    () => Array.from({length: r.size(20, 600)}, (_, i) => `SELECT ${i}${r.int(0, 9)} AS n`).join(r.pick([' UNION ALL ', ' UNION ', ' EXCEPT '])),
    () => `SELECT ${Array.from({length: r.size(50, 1_500)}, (_, i) => `sum(n + ${i}) OVER (ORDER BY s) AS w${i}`).join(', ')} FROM t`,
    () => `SELECT count(*) AS n FROM t WHERE ${Array.from({length: r.size(50, 1_500)}, () => `(n = ${r.int(0, 99)} OR s < '${r.word()}')`).join(r.pick([' OR ', ' AND ']))}`,
  ])(),

  uninterruptible: (r) => r.pick([
    () => `SELECT length(${doubled(r, r.int(15, 60))}) AS n`,
    () => `SELECT length(${padded(r)}) AS n FROM ${many(r)}, t`.replace(', t', ', (SELECT n, s FROM t)'),
    () => `SELECT count(*) AS k FROM ${many(r)} WHERE ${doubled(r, r.int(8, 15))} LIKE '${'%a%_'.repeat(r.int(5, 60))}x'`,
    () => `SELECT count(*) AS k FROM ${many(r)} WHERE ${doubled(r, r.int(8, 15))} GLOB '${'*6*?'.repeat(r.int(5, 60))}z'`,
    () => `SELECT instr(${doubled(r, r.int(12, 17))}, ${doubled(r, r.int(3, 14))} || 'z') AS n FROM t`,
    () => `SELECT length(replace(${doubled(r, r.int(10, 17))}, '6', ${doubled(r, r.int(5, 12))})) AS n`,
    () => `SELECT ${r.pick(['trim', 'ltrim', 'rtrim'])}(${doubled(r, r.int(10, 18))}, ${doubled(r, r.int(3, 12))}) AS n FROM t`,
    () => `SELECT printf('%.${r.size(10, 999)}f', 1e${r.int(1, 308)} / (a0.n + 1)) AS n FROM ${many(r)}`,
    () => `SELECT strftime('${'%Y%j%W%f'.repeat(r.size(10, 6_000))}', a0.d) AS n FROM ${many(r)}`,
    () => `SELECT length(group_concat(quote(${doubled(r, r.int(6, 12))}))) AS n FROM ${many(r)}`,
    () => `SELECT length(json_group_array(${doubled(r, r.int(6, 12))})) AS n FROM ${many(r)}`,
  ])(),

  memory: (r) => r.pick([
    () => `SELECT a0.n, a1.s, a2.d FROM ${many(r)} ORDER BY a0.n * ${r.int(2, 99)} + a1.n, a2.s`,
    () => `SELECT length(group_concat(a0.s || a1.s, '${r.word()}')) AS k FROM ${many(r)}`,
    () => `SELECT count(*) AS k FROM (SELECT DISTINCT a0.n, a1.n, a2.s, a3.n * ${r.int(2, 99)} AS q FROM ${many(r)})`,
    () => `SELECT max(w) AS k FROM (SELECT ${r.pick(['sum', 'group_concat', 'max', 'count'])}(a0.n) OVER (PARTITION BY a1.n % ${r.int(1, 9)} ORDER BY a2.n ROWS BETWEEN ${r.size(10, 1e6)} PRECEDING AND CURRENT ROW) AS w FROM ${many(r)})`,
    () => `WITH RECURSIVE ${endless(r)} SELECT ${r.pick(['n, count(*) AS k FROM g GROUP BY n', 'DISTINCT n FROM g', 'n FROM g ORDER BY -n', 'group_concat(n) AS n FROM g', 'max(n) AS n FROM g'])}`,
    () => `WITH RECURSIVE g(s) AS (SELECT '${r.word()}' UNION ALL SELECT s || s FROM g WHERE length(s) < ${r.size(1e6, 1e12)}) SELECT max(length(s)) AS n FROM g`,
    () => `WITH RECURSIVE g(n) AS (SELECT n FROM t UNION ${r.pick(['', 'ALL '])}SELECT g.n + t.n + ${r.int(1, 9)} FROM g, t) SELECT count(*) AS n FROM g`,
    () => `SELECT a0.n, a1.n, count(DISTINCT a2.n * a3.n) AS k FROM ${many(r)} GROUP BY 1, 2, a2.s ORDER BY k DESC`,
  ])(),

  output: (r) => r.pick([
    () => `SELECT ${doubled(r, r.int(10, 20))} AS s FROM ${many(r)} LIMIT ${r.size(100, 100_000)}`,
    () => `SELECT a0.*, a1.*, a2.* FROM ${many(r)}`,
    () => `SELECT ${Array.from({length: r.size(100, 3_000)}, (_, i) => `${i % 7} AS c${i}`).join(', ')} FROM ${many(r)}`,
    () => `SELECT ${Array.from({length: r.size(2, 60)}, (_, i) => `printf('%999s', '${r.word()}') AS s${i}`).join(', ')} FROM ${many(r)}`,
    () => `WITH RECURSIVE ${endless(r)} SELECT n, printf('%900d', n) AS s FROM g`,
    () => `SELECT char(${Array.from({length: r.int(1, 90)}, () => r.int(1, 0x10ffff)).join(', ')}) AS c, CAST(${doubled(r, 8)} AS BLOB) AS b, 9e999 AS f FROM ${many(r)}`,
  ])(),

  files: (r) => {
    const place = r.pick(['/etc/passwd', '/proc/self/environ', '/proc/self/mem', '/dev/zero', '../bridge.db', '/etc/shadow', 'file:/etc/passwd?mode=ro', ':memory:', '/tmp/bridge_bomb.db']);
    return r.pick([
      () => `ATTACH ${r.pick(['', 'DATABASE '])}'${place}' AS ${r.word()}_db`,
      () => `VACUUM INTO '/tmp/bridge_bomb_${r.word()}.db'`,
      () => `SELECT ${r.pick(['readfile', 'load_extension', 'edit', 'fts3_tokenizer', 'zeroblob', 'randomblob', 'sqlite_compileoption_get'])}('${place}') AS n`,
      () => `SELECT writefile('/tmp/bridge_bomb_${r.word()}', 'x') AS n`,
      () => `SELECT * FROM ${r.pick(['fsdir', 'zipfile', 'csv', 'dbstat', 'pragma_database_list', 'pragma_function_list', 'sqlite_dbpage'])}${r.pick(['', `('${place}')`])}`,
      () => `PRAGMA ${r.pick(['temp_store_directory', 'data_store_directory', 'journal_mode', 'mmap_size', 'writable_schema', 'hard_heap_limit'])} = '${place}'`,
      () => `CREATE VIRTUAL TABLE ${r.word()}_v USING csv(filename='${place}')`,
      () => `SELECT ${r.int(1, 99)} AS n; ATTACH '${place}' AS y`,
      () => `SELECT sql FROM ${r.pick(['sqlite_master', 'sqlite_schema', 'sqlite_temp_master', 'main.sqlite_master'])} LIMIT ${r.int(1, 9)}`,
    ])();
  },

  series: (r) => r.pick([
    () => `SELECT * FROM generate_series(1, ${r.size(1e9, 1e12)})`,
    () => `WITH RECURSIVE ${endless(r)} SELECT ${r.pick(['count(*)', 'sum(n)', 'max(n % 7)', 'total(n)'])} AS n FROM g`,
    () => `WITH RECURSIVE d(x) AS (SELECT '${r.int(1000, 1999)}-01-01' UNION ALL SELECT datetime(x, '+${r.int(1, 59)} ${r.pick(['seconds', 'minutes'])}') FROM d WHERE x < '9999') SELECT count(*) AS n FROM d`,
    () => `WITH RECURSIVE a(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM a LIMIT ${r.size(1e3, 1e6)}), b(m) AS (SELECT 0 UNION ALL SELECT m + 1 FROM b LIMIT ${r.size(1e3, 1e6)}) SELECT count(*) AS n FROM a, b WHERE n < m`,
    () => `SELECT count(*) AS n FROM ${many(r)} WHERE a0.n + a1.n * ${r.int(2, 99)} > a2.n`,
  ])(),
};

const GENERATORS = {duckdb, sqlite};

/** `count` statements, the same for the same seed: of all kinds in turn, two for DuckDB to one for SQLite. */
export function makeBombs(seed, count) {
  const r = makeRandom(seed);
  return Array.from({length: count}, (_, i) => {
    const engine = i % 3 === 2 ? 'sqlite' : 'duckdb';
    const kind = KINDS[(i + Math.floor(i / (3 * KINDS.length))) % KINDS.length];
    return {engine, kind, sql: GENERATORS[engine][kind](r)};
  });
}
