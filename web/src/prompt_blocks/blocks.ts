// Prompt blocks by name, as the list shows them. Pure.
import type { PromptBlock } from '../api/types';

export interface BlockVersions {
  name: string;
  // The newest first; never empty.
  versions: PromptBlock[];
  active: PromptBlock | null;
}

// In the order in which the model reads them; those of which no version is active come last.
export function by_name(blocks: PromptBlock[]): BlockVersions[] {
  const names = new Map<string, PromptBlock[]>();
  for (const block of blocks) names.set(block.name, [...(names.get(block.name) ?? []), block]);
  return [...names]
    .map(([name, versions]) => ({ name, versions: versions.sort((a, b) => b.version - a.version), active: versions.find((one) => one.active) ?? null }))
    .sort((a, b) => Number(!a.active) - Number(!b.active) || shown_version(a).position - shown_version(b).position || a.name.localeCompare(b.name, 'en'));
}

// The version that is opened first: the active one, else the newest.
export const shown_version = ({ versions, active }: BlockVersions): PromptBlock => active ?? versions[0]!;

export const is_name = (name: string): boolean => /^[a-z0-9_]{1,63}$/.test(name);
