// The little of Markdown that a model's words need: paragraphs, headings, lists, code, bold. Everything else, links and pictures and HTML
// among it, stays the text it is: nothing that a model writes can load or run anything. Pure.

export type Inline = { kind: 'text' | 'bold' | 'italic' | 'code'; text: string };

export interface ListItem {
  words: Inline[];
  list: List | null;
}

export interface List {
  kind: 'list';
  // The number of the first item; null for bullets.
  start: number | null;
  items: ListItem[];
}

export type Block = { kind: 'paragraph' | 'heading'; words: Inline[] } | { kind: 'code'; text: string } | List;

const FENCE = /^\s{0,3}(```+|~~~+)/;
const HEADING = /^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$/;
const ITEM = /^(\s*)([-*+•]|(\d{1,9})[.)])\s+(.*)$/;
const RULE = /^\s{0,3}([-*_])(?:\s*\1){2,}\s*$/;
const TABLE_ROW = /^\s*\|.*\|\s*$/;

export function parse_markdown(text: string): Block[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  const close = () => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', words: parse_inline(paragraph.join('\n').trim()) });
    paragraph = [];
  };
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    const fence = FENCE.exec(line);
    const heading = HEADING.exec(line);
    if (fence) {
      close();
      // A fence that is not closed yet: the rest is still being written.
      let end = at + 1;
      while (end < lines.length && !lines[end]!.trim().startsWith(fence[1]!)) end += 1;
      blocks.push({ kind: 'code', text: lines.slice(at + 1, end).join('\n') });
      at = end + 1;
    } else if (TABLE_ROW.test(line)) {
      close();
      let end = at;
      while (end < lines.length && TABLE_ROW.test(lines[end]!)) end += 1;
      blocks.push({ kind: 'code', text: lines.slice(at, end).map((row) => row.trim()).join('\n') });
      at = end;
    } else if (RULE.test(line)) {
      close();
      at += 1;
    } else if (heading) {
      close();
      blocks.push({ kind: 'heading', words: parse_inline(heading[1]!) });
      at += 1;
    } else if (ITEM.test(line)) {
      close();
      const { items, next } = take_items(lines, at);
      blocks.push(...nest(items));
      at = next;
    } else {
      if (line.trim() === '') close();
      else paragraph.push(line.trim());
      at += 1;
    }
  }
  close();
  return blocks;
}

// Deeper than this is no deeper: a text must not decide how deep the page nests.
const INDENT_MAX = 12;

interface FlatItem {
  indent: number;
  start: number | null;
  text: string;
}

// The lines of a list: items, what goes on under them indented, and blank lines between two items.
function take_items(lines: string[], from: number): { items: FlatItem[]; next: number } {
  const items: FlatItem[] = [];
  let at = from;
  for (; at < lines.length; at += 1) {
    const line = lines[at]!;
    const item = ITEM.exec(line);
    if (item) items.push({ indent: Math.min(item[1]!.length, INDENT_MAX), start: item[3] === undefined ? null : Number(item[3]), text: item[4]! });
    else if (line.trim() === '') {
      if (!ITEM.test(lines[at + 1] ?? '')) break;
    } else if (/^\s/.test(line)) items[items.length - 1]!.text += `\n${line.trim()}`;
    else break;
  }
  return { items, next: at };
}

// Deeper items belong to the one before them; a change between bullets and numbers begins another list.
function nest(items: FlatItem[]): List[] {
  const lists: List[] = [];
  for (let at = 0; at < items.length; ) {
    const item = items[at]!;
    let end = at + 1;
    while (end < items.length && items[end]!.indent > item.indent) end += 1;
    const inner = nest(items.slice(at + 1, end));
    const made: ListItem = { words: parse_inline(item.text), list: inner[0] ?? null };
    const last = lists[lists.length - 1];
    if (last && (last.start === null) === (item.start === null)) last.items.push(made);
    else lists.push({ kind: 'list', start: item.start, items: [made] });
    lists.push(...inner.slice(1));
    at = end;
  }
  return lists;
}

// The lengths are bounded so that marks which are never closed cost little.
const INLINE = /(`{1,4})(?!`)([\s\S]{1,1000}?)(?<!`)\1(?!`)|\*\*(?=\S)([\s\S]{1,600}?)(?<=\S)\*\*|__(?=\S)([\s\S]{1,600}?)(?<=\S)__(?!\w)|(?<![\w*])\*(?=[^\s*])([^*]{1,600}?)(?<=[^\s*])\*(?![\w*])/g;

export function parse_inline(text: string): Inline[] {
  const parts: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) parts.push({ kind: 'text', text: text.slice(from, match.index) });
    if (match[2] !== undefined) parts.push({ kind: 'code', text: match[2].trim() || match[2] });
    else if (match[5] !== undefined) parts.push({ kind: 'italic', text: match[5] });
    else parts.push({ kind: 'bold', text: plain(match[3] ?? match[4]!) });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}

// Code inside bold stays readable without its marks.
const plain = (text: string) => text.replace(/`([^`]+)`/g, '$1');
