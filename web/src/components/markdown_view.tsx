import { memo, useMemo } from 'react';
import { parse_markdown, type Block, type Inline, type List } from './markdown';

// A model's words as React elements: see markdown.ts for what of Markdown is known.
export const MarkdownView = memo(function MarkdownView({ text }: { text: string }) {
  const blocks = useMemo(() => parse_markdown(text), [text]);
  return (
    <div className="markdown">
      {blocks.map((block, at) => (
        <BlockView key={at} block={block} />
      ))}
    </div>
  );
});

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case 'paragraph':
      return (
        <p>
          <Words words={block.words} />
        </p>
      );
    case 'heading':
      return (
        <p className="markdown-heading">
          <Words words={block.words} />
        </p>
      );
    case 'code':
      return <pre tabIndex={0}>{block.text}</pre>;
    case 'list':
      return <ListView list={block} />;
  }
}

function ListView({ list }: { list: List }) {
  const items = list.items.map((item, at) => (
    <li key={at}>
      <Words words={item.words} />
      {item.list && <ListView list={item.list} />}
    </li>
  ));
  return list.start === null ? <ul>{items}</ul> : <ol start={list.start}>{items}</ol>;
}

function Words({ words }: { words: Inline[] }) {
  return words.map((part, at) => {
    switch (part.kind) {
      case 'bold':
        return <strong key={at}>{part.text}</strong>;
      case 'italic':
        return <em key={at}>{part.text}</em>;
      case 'code':
        return <code key={at}>{part.text}</code>;
      case 'text':
        return part.text;
    }
  });
}
