// What the benchmarks count with.
import {readFileSync, readdirSync} from 'node:fs';

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
export const percentile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
export const spread = (values) => `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const TICKS_PER_SECOND = 100;

/** Of these processes, in user mode and in the kernel's, all threads. */
export function processorSeconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

/** The children of a process. */
export function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
    .concat(readdirSync(`/proc/${pid}/task`).filter((task) => task !== String(pid)).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)));
}

/** Memory that these processes share with no other; `kind`: Clean or Dirty alone. */
export function privateMiB(pids, kind = '(?:Clean|Dirty)') {
  let kib = 0;
  for (const pid of pids) for (const [, size] of readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').matchAll(new RegExp(`^Private_${kind}:\\s+(\\d+)`, 'gm'))) kib += Number(size);
  return kib / 1024;
}

export function residentMiB(server) {
  return Number(readFileSync(`/proc/${server.child.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;
}
