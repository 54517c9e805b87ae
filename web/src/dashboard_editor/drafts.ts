// Texts that another screen hands to the editor: they open there unsaved.
const drafts = new Map<string, string>();

export function leave_draft(slug: string, text: string): void {
  drafts.set(slug, text);
}

export const draft_of = (slug: string): string | null => drafts.get(slug) ?? null;

export function drop_draft(slug: string): void {
  drafts.delete(slug);
}
