import assert from 'node:assert/strict';
import { test } from 'node:test';
import { screen_of } from './screen_of';

test('every address of the page is a screen, with or without a slash at its end', () => {
  assert.deepEqual(screen_of('/'), { kind: 'list' });
  assert.deepEqual(screen_of('/d/a%20b'), { kind: 'dashboard', slug: 'a b' });
  assert.deepEqual(screen_of('/d/flights/edit/'), { kind: 'editor', slug: 'flights' });
  assert.deepEqual(screen_of('/chat'), { kind: 'chat', session_id: null });
  assert.deepEqual(screen_of('/chat/1'), { kind: 'chat', session_id: '1' });
  assert.deepEqual(screen_of('/prompt-blocks/rules'), { kind: 'prompt_blocks', name: 'rules' });
});

test('other addresses are none', () => {
  for (const path of ['/nowhere', '/d', '/d//', '/d/a/b', '/d/a/edit/more', '/chat/1/2', '/usage/x', '/d/%zz', '//']) assert.equal(screen_of(path), null, path);
});
