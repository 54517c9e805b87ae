// A PostgreSQL of Debian with data of its own, on a free port, for as long as a test runs.
import {execFile, spawn} from 'node:child_process';
import {chownSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const PROGRAMS = '/usr/lib/postgresql/15/bin';
export const READER_PASSWORD = `c4n4ry p'a s\\w:ö@/?#%`;

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const {port} = server.address();
      server.close(() => done(port));
    });
  });

/** root may not run a server: the system's user postgres does. */
function asSystemUser() {
  if (process.getuid() !== 0) return {words: [], id: null};
  const id = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':')).find(([name]) => name === 'postgres');
  if (!id) throw new Error('the package postgresql-15 is missing: ./dev test installs it');
  return {words: ['setpriv', `--reuid=${id[2]}`, `--regid=${id[3]}`, '--clear-groups'], id: id.slice(2, 4).map(Number)};
}

function run(words, {input, env = {}} = {}) {
  return new Promise((done, fail) => {
    const child = execFile(words[0], words.slice(1), {cwd: '/', env: {...process.env, ...env}, maxBuffer: 256 << 20}, (error, stdout, stderr) => {
      if (error) fail(new Error(`${words[0]} ${words[1]}: ${stderr || error.message}`));
      else done(stdout);
    });
    child.stdin.end(input ?? '');
  });
}

export async function startPostgres({settings = []} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-postgres-'));
  const user = asSystemUser();
  if (user.id) chownSync(folder, ...user.id);
  chmodSync(folder, 0o755);
  const password = join(folder, 'password');
  writeFileSync(password, 'super');
  await run([...user.words, `${PROGRAMS}/initdb`, '-D', join(folder, 'data'), '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${password}`, '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8']);
  const port = await freePort();
  const options = ['listen_addresses=127.0.0.1', 'fsync=off', 'full_page_writes=off', 'autovacuum=off', 'shared_buffers=32MB', 'lc_messages=C', ...settings].map((setting) => `-c ${setting}`).join(' ');
  const control = (...words) => run([...user.words, `${PROGRAMS}/pg_ctl`, '-D', join(folder, 'data'), '-w', '-t', '60', ...words]);
  // pg_ctl would wait for a server that has its output.
  const start = () =>
    new Promise((done, fail) => {
      const words = [...user.words, `${PROGRAMS}/pg_ctl`, '-D', join(folder, 'data'), '-w', '-t', '60', '-l', join(folder, 'data/server.log'), '-o', `-p ${port} -k ${folder} ${options}`, 'start'];
      spawn(words[0], words.slice(1), {cwd: '/', stdio: 'ignore'}).on('exit', (code) => (code === 0 ? done() : fail(new Error(`PostgreSQL did not start: see ${folder}`))));
    });
  await start();
  const server = {
    port,
    folder,
    /** What psql prints of it, cells by `|`. */
    sql: (text, database = 'postgres') => run([`psql`, '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-d', database, '-v', 'ON_ERROR_STOP=1', '-qAt'], {input: text, env: {PGPASSWORD: 'super'}}),
    /** The fields of a connection, of a role that may only read. */
    credentials: (database, fields = {}) => ({host: '127.0.0.1', port: String(port), database, user: 'reader', password: READER_PASSWORD, ssl_mode: 'disable', ...fields}),
    url: (database, password = READER_PASSWORD) => `postgresql://reader:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}?sslmode=disable`,
    /** "fast" or "immediate". */
    halt: (mode) => control('-m', mode, 'stop'),
    start,
    async stop() {
      await control('-m', 'immediate', 'stop').catch(() => {});
      rmSync(folder, {recursive: true, force: true});
    },
  };
  await server.sql(`CREATE ROLE reader LOGIN PASSWORD '${READER_PASSWORD.replaceAll("'", "''")}'; GRANT pg_read_all_data TO reader;`);
  return server;
}
