// The question of the turn that runs, for the case that the page is reloaded: the transcript has a turn only when it has ended.
const key_of = (session_id: string) => `bridge.asked.${session_id}`;

export function remember_question(session_id: string, question: string | null): void {
  try {
    if (question === null) sessionStorage.removeItem(key_of(session_id));
    else sessionStorage.setItem(key_of(session_id), question);
  } catch {
    // Without storage the question is shown again when the turn has ended.
  }
}

export function recall_question(session_id: string): string | null {
  try {
    return sessionStorage.getItem(key_of(session_id));
  } catch {
    return null;
  }
}
