import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api } from '../api/client';
import { Link } from '../components/location';
import { ProblemNote } from '../components/problem_note';
import { TimeAgo } from '../components/time_ago';
import '../styles/prompt_blocks.css';
import { BlockEditor } from './block_editor';
import { by_name, shown_version, type BlockVersions } from './blocks';
import { NewBlock } from './new_block';

const NEW = 'new';

// What every conversation with a model begins with; for administrators.
export default function PromptBlocksScreen({ name }: { name: string | null }) {
  const blocks = useQuery({ queryKey: ['prompt-blocks'], queryFn: ({ signal }) => api.prompt_blocks(signal) });
  useEffect(() => {
    document.title = name && name !== NEW ? `${name} · Prompt blocks · Bridge` : 'Prompt blocks · Bridge';
  }, [name]);
  const all = by_name(blocks.data?.items ?? []);
  const open = all.find((one) => one.name === name);
  return (
    <main className="page" id="content">
      <div className="list-head">
        <h1>Prompt blocks</h1>
        <Link href={`/prompt-blocks/${NEW}`} className="button" data-testid="new-block">
          New block
        </Link>
      </div>
      <p className="blocks-about faint">What a model reads before the first message, in this order. A change holds for conversations that begin after it; those that run keep the blocks they began with.</p>
      {blocks.error && <ProblemNote error={blocks.error} retry={() => void blocks.refetch()} />}
      {blocks.isPending && <div className="skeleton blocks-skeleton" />}
      {blocks.isSuccess && (
        <div className="blocks">
          {all.length === 0 ? <p className="faint">There are none.</p> : <BlockList blocks={all} current={name} />}
          {name === NEW ? (
            <NewBlock taken={all.map((one) => one.name)} position={Math.max(0, ...all.map((one) => shown_version(one).position)) + 10} />
          ) : open ? (
            <BlockEditor key={open.name} block={open} />
          ) : (
            <p className="blocks-none faint">{name ? `There is no block “${name}”.` : 'Choose a block to read or change it.'}</p>
          )}
        </div>
      )}
    </main>
  );
}

function BlockList({ blocks, current }: { blocks: BlockVersions[]; current: string | null }) {
  return (
    <nav aria-label="Prompt blocks">
      <ul className="dashboard-list" data-testid="block-list">
        {blocks.map((one) => {
          const shown = shown_version(one);
          return (
            <li key={one.name}>
              <Link href={`/prompt-blocks/${encodeURIComponent(one.name)}`} className="block-item" aria-current={one.name === current ? 'page' : undefined} data-testid="block-item">
                <span className="block-item-head">
                  <span className="block-item-name">{one.name}</span>
                  {!one.active && <span className="tag">not active</span>}
                </span>
                <span className="block-item-facts number">
                  <span>version {shown.version}</span>
                  <span>position {shown.position}</span>
                  <TimeAgo time={shown.created_at} />
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
