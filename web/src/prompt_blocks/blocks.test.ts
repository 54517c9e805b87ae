import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PromptBlock } from '../api/types';
import { by_name, is_name, shown_version } from './blocks';

const block = (name: string, version: number, active: boolean, position: number): PromptBlock => ({ id: `${name}${version}`, name, content: '', cache_control: 'ephemeral', version, active, position, created_at: '' });

test('versions stand under their name, names in the order in which the model reads them', () => {
  const found = by_name([block('old', 1, false, 0), block('b', 1, true, 10), block('a', 1, true, 5), block('a', 2, false, 5)]);
  assert.deepEqual(found.map((one) => one.name), ['a', 'b', 'old']);
  assert.deepEqual(found[0]!.versions.map((one) => one.version), [2, 1]);
  assert.equal(shown_version(found[0]!).version, 1);
  assert.equal(shown_version(found[2]!).version, 1);
});

test('a name is small letters, digits and underscores', () => {
  assert.ok(is_name('dashboard_format'));
  assert.ok(!is_name('Dashboard format'));
  assert.ok(!is_name(''));
});
