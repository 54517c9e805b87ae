import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diff_lines, parse_unified, with_context } from './diff';

const written = (lines: { kind: string; text: string }[]) => lines.map((line) => ({ same: ' ', added: '+', removed: '-', gap: '…' })[line.kind] + line.text);

test('a changed line is one removed and one added', () => {
  assert.deepEqual(written(diff_lines('a\nb\nc', 'a\nB\nc')), [' a', '-b', '+B', ' c']);
  assert.deepEqual(written(diff_lines('a', 'a')), [' a']);
  assert.deepEqual(written(diff_lines('', 'a\nb')), ['-', '+a', '+b']);
});

test('far unchanged lines fold into one gap', () => {
  const before = Array.from({ length: 20 }, (_, index) => String(index)).join('\n');
  assert.deepEqual(written(with_context(diff_lines(before, before.replace('10', 'x')))), ['…', ' 7', ' 8', ' 9', '-10', '+x', ' 11', ' 12', ' 13', '…']);
});

test('a unified diff reads the same', () => {
  assert.deepEqual(written(parse_unified('--- a\n+++ b\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n')), ['…', ' a', '-b', '+B']);
});
