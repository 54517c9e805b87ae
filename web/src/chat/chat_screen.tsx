import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Me } from '../api/types';
import '../styles/chat.css';
import { Conversation } from './conversation_view';
import { on_turn_ended } from './live_turns';
import { NewConversation } from './new_conversation';
import { SessionList } from './session_list';

export default function ChatScreen({ session_id, me }: { session_id: string | null; me: Me }) {
  const client = useQueryClient();
  // Turns go on when this screen is left, so what they change is heard of for as long as the page lives.
  useEffect(
    () =>
      on_turn_ended((id) => {
        void client.invalidateQueries({ queryKey: ['chat-session', id] });
        void client.invalidateQueries({ queryKey: ['chat-sessions'] });
        void client.invalidateQueries({ queryKey: ['dashboards'] });
      }),
    [client],
  );
  return (
    <main className={session_id ? 'chat in-conversation' : 'chat'} id="content">
      <SessionList current={session_id} />
      {session_id ? <Conversation key={session_id} session_id={session_id} is_admin={me.is_operator || me.role === 'admin'} /> : <NewConversation />}
    </main>
  );
}
