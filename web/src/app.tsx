import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { api, ApiError, choose_team, chosen_team } from './api/client';
import type { Me } from './api/types';
import { Link, navigate, use_location } from './components/location';
import { Popover } from './components/menu';
import { ProblemNote } from './components/problem_note';
import { ThemeToggle } from './components/theme';
import { DashboardListScreen } from './dashboards/dashboard_list_screen';
import { NotFoundScreen } from './not_found_screen';
import { screen_of } from './screen_of';
import { OpenLinkScreen } from './session/open_link_screen';
import { SignInScreen } from './session/sign_in_screen';
import { FirstTeamScreen } from './teams/first_team_screen';

const DashboardScreen = lazy(() => import('./dashboard/dashboard_screen'));
const ChatScreen = lazy(() => import('./chat/chat_screen'));
const UsageScreen = lazy(() => import('./observability/usage_screen'));
const PromptBlocksScreen = lazy(() => import('./prompt_blocks/prompt_blocks_screen'));
const EditorScreen = lazy(() => import('./dashboard_editor/editor_screen'));

export function App() {
  const { path } = use_location();
  if (path === '/open') return <OpenLinkScreen />;
  return <SignedIn path={path} />;
}

function SignedIn({ path }: { path: string }) {
  const me = useQuery({ queryKey: ['me'], queryFn: ({ signal }) => api.me(signal), staleTime: 300_000 });
  if (me.isPending) return <Quiet />;
  if (me.error instanceof ApiError && me.error.status === 401) return screen_of(path) ? <SignInScreen /> : <NotFoundScreen path={path} />;
  if (me.error)
    return (
      <main className="page narrow">
        <h1>Bridge</h1>
        <ProblemNote error={me.error} retry={() => void me.refetch()} />
      </main>
    );
  return (
    <>
      <a className="skip-link" href="#content">
        Skip to content
      </a>
      <Header me={me.data} path={path} />
      <Suspense fallback={<Quiet />}>
        {me.data.teams.length === 0 && !me.data.team_id ? <FirstTeamScreen me={me.data} /> : <Screen path={path} me={me.data} />}
      </Suspense>
    </>
  );
}

function Screen({ path, me }: { path: string; me: Me }) {
  const screen = screen_of(path);
  const may_edit = me.is_operator || me.role !== 'viewer';
  switch (screen?.kind) {
    case 'list':
      return <DashboardListScreen may_edit={may_edit} />;
    case 'dashboard':
      return <DashboardScreen key={screen.slug} slug={screen.slug} may_edit={may_edit} />;
    case 'editor':
      return <EditorScreen key={screen.slug} slug={screen.slug} may_edit={may_edit} />;
    case 'usage':
      return <UsageScreen is_admin={is_admin(me)} />;
    case 'chat':
      if (may_edit) return <ChatScreen session_id={screen.session_id} me={me} />;
      break;
    case 'prompt_blocks':
      if (is_admin(me)) return <PromptBlocksScreen name={screen.name} />;
      break;
  }
  return <NotFoundScreen path={path} />;
}

const is_admin = (me: Me) => me.is_operator || me.role === 'admin';

function Header({ me, path }: { me: Me; path: string }) {
  const client = useQueryClient();
  const [team, set_team] = useState(chosen_team() ?? me.team_id ?? me.teams[0]?.id ?? '');
  const sign_out = async () => {
    await api.sign_out().catch(() => {});
    choose_team(null);
    // A new page: nothing that the last person saw stays in memory.
    window.location.assign('/');
  };
  return (
    <header className="header">
      <Link href="/" className="wordmark">
        <svg width="20" height="20" viewBox="0 0 32 32" aria-hidden="true">
          <path d="M3 23h26M7 23v-8m18 8v-8M3 18c6 0 7-9 13-9s7 9 13 9M16 23V9" stroke="currentColor" strokeWidth="2.4" fill="none" strokeLinecap="round" />
        </svg>
        Bridge
      </Link>
      {(me.teams.length > 0 || me.team_id) && (
        <nav className="header-nav" aria-label="Screens">
          <Link href="/" aria-current={path === '/' || path.startsWith('/d/') ? 'true' : undefined}>
            Dashboards
          </Link>
          {(me.is_operator || me.role !== 'viewer') && (
            <Link href="/chat" aria-current={path.startsWith('/chat') ? 'true' : undefined}>
              Chat
            </Link>
          )}
        </nav>
      )}
      <span className="header-space" />
      {me.teams.length > 1 && (
        <label className="team-choice">
          <span className="visually-hidden">Team</span>
          <select
            value={team}
            onChange={(event) => {
              choose_team(event.target.value);
              set_team(event.target.value);
              navigate('/');
              void client.invalidateQueries();
            }}
          >
            {me.teams.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
      )}
      {me.teams.length === 1 && <span className="faint team-name">{me.teams[0]!.name}</span>}
      <ThemeToggle />
      <Popover label="Account" title="Account" className="icon-button" button={<Person />} test_id="account-menu">
        {(close) => (
          <div className="popover-body menu">
            <Link href="/usage" className="choice" onClick={close}>
              Usage
            </Link>
            {is_admin(me) && (
              <Link href="/prompt-blocks" className="choice" onClick={close}>
                Prompt blocks
              </Link>
            )}
            <button type="button" className="choice" onClick={() => void sign_out()}>
              Sign out
            </button>
          </div>
        )}
      </Popover>
    </header>
  );
}

function Person() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.5">
      <circle cx="8" cy="5.25" r="2.75" />
      <path d="M2.5 14c.6-2.9 2.8-4.25 5.5-4.25S12.9 11.1 13.5 14" strokeLinecap="round" />
    </svg>
  );
}

function Quiet() {
  return (
    <main className="page" id="content" aria-busy="true">
      <span className="visually-hidden">Loading</span>
    </main>
  );
}
