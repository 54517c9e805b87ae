// Line by line what changed between two texts. Pure.
export interface DiffLine {
  kind: 'same' | 'added' | 'removed' | 'gap';
  text: string;
}

const CONTEXT_LINES = 3;
// Beyond this many cells the table of the exact algorithm would be too large: the middle is then shown as replaced.
const CELLS_MAX = 4_000_000;

export function diff_lines(before: string, after: string): DiffLine[] {
  const a = before.split('\n');
  const b = after.split('\n');
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const middle = longest_common(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const same = (text: string): DiffLine => ({ kind: 'same', text });
  return [...a.slice(0, start).map(same), ...middle, ...a.slice(a.length - end).map(same)];
}

function longest_common(a: string[], b: string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: 'removed', text });
  const added = (text: string): DiffLine => ({ kind: 'added', text });
  if (a.length * b.length > CELLS_MAX) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i]! });
      i += 1;
      j += 1;
    } else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) lines.push(removed(a[i++]!));
    else lines.push(added(b[j++]!));
  }
  return [...lines, ...a.slice(i).map(removed), ...b.slice(j).map(added)];
}

// Only what changed, with a few lines around it.
export function with_context(lines: DiffLine[]): DiffLine[] {
  const near = lines.map(() => false);
  lines.forEach((line, at) => {
    if (line.kind === 'same') return;
    for (let other = Math.max(0, at - CONTEXT_LINES); other <= Math.min(lines.length - 1, at + CONTEXT_LINES); other += 1) near[other] = true;
  });
  const shown: DiffLine[] = [];
  lines.forEach((line, at) => {
    if (near[at]) shown.push(line);
    else if (shown[shown.length - 1]?.kind !== 'gap') shown.push({ kind: 'gap', text: '' });
  });
  return shown;
}

// A unified diff as the server writes it.
export function parse_unified(diff: string): DiffLine[] {
  return diff.split('\n').flatMap((line): DiffLine[] => {
    if (line.startsWith('+++') || line.startsWith('---') || line.startsWith('\\')) return [];
    if (line.startsWith('@@')) return [{ kind: 'gap', text: '' }];
    if (line.startsWith('+')) return [{ kind: 'added', text: line.slice(1) }];
    if (line.startsWith('-')) return [{ kind: 'removed', text: line.slice(1) }];
    return line === '' ? [] : [{ kind: 'same', text: line.startsWith(' ') ? line.slice(1) : line }];
  });
}
