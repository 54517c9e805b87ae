import assert from 'node:assert/strict';
import { test } from 'node:test';
import { piece_edges } from './paper_pieces';

test('pieces end between two rows, are not too low, and make up the whole picture', () => {
  const rows = Array.from({ length: 70 }, (_, row) => 8 + row * 22);
  const edges = piece_edges(1548, rows);
  assert.equal(edges[0], 0);
  assert.equal(edges.at(-1), 1548);
  assert.ok(edges.slice(1, -1).every((edge) => rows.includes(edge)));
  assert.ok(edges.slice(1).every((edge, index) => edge - edges[index]! >= 80 && edge - edges[index]! < 280), `${edges}`);
});

test('a picture that may be cut nowhere is one piece', () => {
  assert.deepEqual(piece_edges(1200, []), [0, 1200]);
});
