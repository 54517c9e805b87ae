// The first script, and a small one: it asks for the first data while the rest of the page is still on its way.
import { start_early } from './api/client';
import { first_calls } from './first_calls';
import './styles/tokens.css';
import './styles/base.css';
import './styles/screens.css';
import './styles/dashboard.css';
import './styles/editor.css';
import './styles/print.css';

start_early(first_calls(window.location.pathname, window.location.search));
void import('./page');
