import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../api/client';
import type { ChatConversation, ChatProvider } from '../api/types';
import { Link, navigate } from '../components/location';
import { ProblemNote } from '../components/problem_note';
import { Composer } from './composer';
import { title_of } from './conversation';
import { ask } from './live_turns';

// The first message begins a conversation, with the model and the connection that are chosen here.
export function NewConversation() {
  const client = useQueryClient();
  const providers = useQuery({ queryKey: ['chat-providers'], queryFn: ({ signal }) => api.chat_providers(signal), staleTime: 60_000 });
  const connections = useQuery({ queryKey: ['connections'], queryFn: ({ signal }) => api.connections(signal) });
  const active = (connections.data?.items ?? []).filter((one) => one.status === 'active');
  const [model_choice, set_model_choice] = useState<string | null>(null);
  const [connection_choice, set_connection_choice] = useState<string | null>(null);
  const [busy, set_busy] = useState(false);
  const [error, set_error] = useState<unknown>(null);
  useEffect(() => {
    document.title = 'Chat · Bridge';
  }, []);

  const connection = active.find((one) => one.id === connection_choice) ?? active[0] ?? null;
  const model = chosen_model(providers.data?.providers ?? [], model_choice, providers.data?.default_provider, providers.data?.default_model);
  const begin = async (message: string) => {
    if (!model || !connection) return;
    set_busy(true);
    set_error(null);
    try {
      const session = await api.start_chat({ ...model, connection_id: connection.id });
      const conversation: ChatConversation = { ...session, title: session.title || title_of(message), total_tokens: 0, total_cost_usd: 0, ended_at: null, running: false, last_event_id: null, messages: [] };
      client.setQueryData(['chat-session', session.session_id], conversation);
      void client.invalidateQueries({ queryKey: ['chat-sessions'] });
      ask(session.session_id, message);
      navigate(`/chat/${encodeURIComponent(session.session_id)}`);
    } catch (failure) {
      set_error(failure);
      set_busy(false);
    }
  };

  return (
    <section className="new-conversation" aria-labelledby="chat-title">
      <div className="new-conversation-body">
        <h1 id="chat-title">What would you like to know?</h1>
        <Composer
          label="The first message"
          placeholder="Ask about your data. The answers can become a dashboard."
          running={false}
          ready={!busy && model !== null && connection !== null}
          on_send={(message) => {
            void begin(message);
            return false;
          }}
        >
          {providers.data && <ModelChoice providers={providers.data.providers} chosen={model} on_choose={set_model_choice} />}
          {active.length > 1 && (
            <label className="ask-connection">
              <span className="faint">of</span>
              <select aria-label="Connection" value={connection?.id ?? ''} onChange={(event) => set_connection_choice(event.target.value)} data-testid="chat-connection">
                {active.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name} ({one.connection_type})
                  </option>
                ))}
              </select>
            </label>
          )}
          {active.length === 1 && <span className="faint ask-connection">of {active[0]!.name}</span>}
        </Composer>
        {error !== null && <ProblemNote error={error} />}
        {providers.error && <ProblemNote error={providers.error} retry={() => void providers.refetch()} />}
        {connections.error && <ProblemNote error={connections.error} retry={() => void connections.refetch()} />}
        {providers.isSuccess && !model && <p className="ask-note">No model can be reached: {providers.data.providers.map((one) => `${one.name} (${one.reason ?? 'not available'})`).join(', ') || 'none is set up'}.</p>}
        {connections.isSuccess && active.length === 0 && (
          <p className="ask-note" data-testid="no-connection">
            There is nothing to ask yet. <Link href="/">Connect a warehouse</Link> first.
          </p>
        )}
      </div>
    </section>
  );
}

interface Model {
  provider: string;
  model: string;
}

const key_of = ({ provider, model }: Model) => `${provider}\n${model}`;

function models_of(provider: ChatProvider): string[] {
  return [...new Set([provider.default_model, ...provider.models].filter(Boolean))];
}

// What was chosen, else what the server prefers, else the first that can be reached.
function chosen_model(providers: ChatProvider[], choice: string | null, default_provider: string | undefined, default_model: string | undefined): Model | null {
  const usable = providers.filter((one) => one.available).flatMap((one) => models_of(one).map((model) => ({ provider: one.name, model })));
  const of_default = usable.filter((one) => one.provider === default_provider);
  return usable.find((one) => key_of(one) === choice) ?? of_default.find((one) => one.model === default_model) ?? of_default[0] ?? usable[0] ?? null;
}

function ModelChoice({ providers, chosen, on_choose }: { providers: ChatProvider[]; chosen: Model | null; on_choose: (key: string) => void }) {
  return (
    <select aria-label="Model" className="model-choice" value={chosen ? key_of(chosen) : ''} onChange={(event) => on_choose(event.target.value)} data-testid="chat-model">
      {!chosen && <option value="">No model</option>}
      {providers.map((one) =>
        one.available ? (
          models_of(one).map((model) => (
            <option key={key_of({ provider: one.name, model })} value={key_of({ provider: one.name, model })}>
              {one.name} · {model}
            </option>
          ))
        ) : (
          <option key={one.name} disabled>
            {one.name} ({one.reason ?? 'not available'})
          </option>
        ),
      )}
    </select>
  );
}
