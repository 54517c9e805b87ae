import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse_inline, parse_markdown } from './markdown';

const kinds = (text: string) => parse_markdown(text).map((block) => block.kind);

test('paragraphs, headings, lists and code are told apart', () => {
  const blocks = parse_markdown('One\ntwo\n\n## Head\n- a\n- **b**\n  goes on\n\n1. x\n2. y\n\n```sql\nSELECT 1\n\nFROM t\n```\nEnd');
  assert.deepEqual(blocks.map((block) => block.kind), ['paragraph', 'heading', 'list', 'list', 'code', 'paragraph']);
  assert.deepEqual(blocks[0], { kind: 'paragraph', words: [{ kind: 'text', text: 'One\ntwo' }] });
  assert.deepEqual(blocks[4], { kind: 'code', text: 'SELECT 1\n\nFROM t' });
  const list = blocks[3]!;
  assert.ok(list.kind === 'list' && list.start === 1 && list.items.length === 2);
});

test('deeper items are a list in the item before them', () => {
  const [list] = parse_markdown('- a\n  - b\n  - c\n- d');
  assert.ok(list?.kind === 'list');
  assert.deepEqual(list.items.map((item) => item.list?.items.length ?? 0), [2, 0]);
});

test('bold and code are found, and half-written marks stay text', () => {
  assert.deepEqual(parse_inline('a **b** `c_d` *e*').map((part) => part.kind), ['text', 'bold', 'text', 'code', 'text', 'italic']);
  assert.deepEqual(parse_inline('**half and `half'), [{ kind: 'text', text: '**half and `half' }]);
  assert.deepEqual(parse_inline('2 * 3 * 4, snake_case_name'), [{ kind: 'text', text: '2 * 3 * 4, snake_case_name' }]);
});

test('HTML, links and pictures stay text', () => {
  const text = '<img src=x onerror=alert(1)> [a](http://b) ![c](http://d)';
  assert.deepEqual(parse_markdown(text), [{ kind: 'paragraph', words: [{ kind: 'text', text }] }]);
});

test('a fence that is still open holds the rest', () => {
  assert.deepEqual(kinds('See:\n```\nSELECT'), ['paragraph', 'code']);
  assert.deepEqual(kinds('```'), ['code']);
});

test('every beginning of a text can be drawn', () => {
  const text = '# H\n- a\n  1. b\n\n**c** `d`\n```\ne\n```\n| f | g |\n|---|---|';
  for (let end = 0; end <= text.length; end += 1) parse_markdown(text.slice(0, end));
});

test('marks without end and endless nesting stay cheap', () => {
  const began = performance.now();
  parse_markdown('**a `b *c '.repeat(5000));
  const deep = parse_markdown(Array.from({ length: 300 }, (_, at) => `${' '.repeat(at)}- x`).join('\n'));
  let depth = 0;
  for (let list = deep[0]; list?.kind === 'list'; list = list.items[0]!.list ?? undefined) depth += 1;
  assert.ok(depth <= 13, `${depth} deep`);
  assert.ok(performance.now() - began < 1000);
});

test('a rule is only a break', () => {
  assert.deepEqual(kinds('a\n\n---\n\n* * *\nb'), ['paragraph', 'paragraph']);
});
