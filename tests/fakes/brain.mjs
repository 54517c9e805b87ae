// A scripted model that is good at its job: it explores, tries its SQL, writes a dashboard, has it validated, saves it. It remembers nothing: every
// step is worked out from the conversation alone, so one brain serves any number of sessions of both fakes.
import {planQueries, planQuestion, scoreTable, sqlOverCap, writeDocument} from './brain_plan.mjs';
import {readConversation} from './conversation.mjs';
import {findOrder, obey} from './brain_victim.mjs';

const DATASETS_MAX = 4;
const MENDS_MAX = 2;  // of a document that it thought right
const CAP_BYTES = 100_000_000;

/**
 * A script for either fake. Variants, any of them together:
 *   thinks         thinking blocks before tool calls
 *   badYaml: n     its first n documents are wrong in a way that the validator reports; Infinity: it never learns
 *   loops          calls list_tables for ever
 *   overCap        first tries SQL over the byte cap
 *   victim         does what it is told by text in tool results
 *   chat           answers questions in words, with run_query and show_chart where they are offered; makes a dashboard only when asked for one
 */
export function makeBrain(variant = {}) {
  return (request) => {
    const conversation = readConversation(request);
    const {thought, calls = [], text} = think(conversation, variant);
    const content = [];
    if (variant.thinks) content.push({type: 'thinking', text: thought ?? 'What do I know, and what is missing?'});
    if (text) content.push({type: 'text', text});
    for (const [name, input] of calls) content.push({type: 'tool_use', name, input});
    return {content};
  };
}

const say = (text) => ({text});
const call = (thought, ...calls) => ({thought, calls});
const named = (calls, name) => calls.filter((each) => each.name === name && each.json !== undefined);

function think(c, variant) {
  if (!c.mayCall) return say(summary(c));
  if (variant.loops) return call('Let me look once more.', ['list_tables', {dataset: datasetsOf(c)[0] ?? 'main'}]);
  if (variant.victim) {
    const order = findOrder(c.calls);
    if (order) return obey(c, order) ?? say(summary(c));
  }
  const explored = explore(c);
  if (explored.step) return explored.step;
  if (variant.overCap) {
    const step = tryOverCap(c, explored);
    if (step) return step;
  }
  if (variant.chat && !/dashboard|\bpage\b|\bsave\b/i.test(c.sentence)) return answerQuestion(c, explored.schema);
  return makeDashboard(c, explored.schema, variant);
}

// ---- exploring ------------------------------------------------------------------------------------------------------------

function datasetsOf(c) {
  const listed = named(c.calls, 'list_datasets').flatMap(({json}) => json?.datasets ?? []).map(({name}) => name);
  const hinted = [...c.context.matchAll(/\(dataset ([^)]+)\)/g)].map((match) => match[1]);
  return [...new Set([...listed, ...hinted])];
}

/** {step} while there is more to read, then {table, schema}. */
function explore(c) {
  const tables = named(c.calls, 'list_tables').flatMap(({json}) => json?.tables ?? []);
  if (!tables.length) {
    if (named(c.turnCalls, 'list_tables').length) return {step: say('I find no tables here, so there is nothing to answer with.')};
    const datasets = datasetsOf(c);
    if (datasets.length) return {step: call('Which tables are there?', ...datasets.slice(0, DATASETS_MAX).map((dataset) => ['list_tables', {dataset_name: dataset}]))};
    if (named(c.turnCalls, 'list_datasets').length) return {step: say('I find no datasets here, so there is nothing to answer with.')};
    return {step: call('Which datasets are there?', ['list_datasets', {}])};
  }
  const table = tables.reduce((best, each) => (scoreTable(each, c.sentence) > scoreTable(best, c.sentence) ? each : best));
  const reads = named(c.calls, 'get_table_schema').filter(({input}) => input.table_name === table.sql_name);
  const read = reads.findLast(({ok, json}) => ok && Array.isArray(json?.columns));
  if (read) return {table, schema: read.json};
  if (reads.length) return {step: say(`I could not read the columns of ${table.name}.`)};
  return {step: call(`${table.name} looks right; what are its columns?`, ['get_table_schema', {table_name: table.sql_name}])};
}

function tryOverCap(c, {table}) {
  const tried = named(c.turnCalls, 'run_dry_run_query');
  if (tried.length) return null;
  const cap = named(c.calls, 'run_dry_run_query').find(({json}) => json?.cap_bytes)?.json.cap_bytes ?? CAP_BYTES;
  return call('I would like to read everything.', ['run_dry_run_query', {sql: sqlOverCap(table, cap)}]);
}

// ---- a dashboard ----------------------------------------------------------------------------------------------------------

function makeDashboard(c, schema, variant) {
  const saved = named(c.turnCalls, 'save_dashboard_yaml');
  if (saved.some(({ok}) => ok)) return say(summary(c));
  if (saved.length > MENDS_MAX) return say('I could not save the dashboard.');
  const plan = planQueries(schema, c.sentence);
  const tried = named(c.turnCalls, 'run_dry_run_query');
  const dryRunOf = (sql) => tried.find(({input}) => input.sql === sql);
  const untried = plan.queries.filter(({sql}) => !dryRunOf(sql));
  const withParams = (sql) => (Object.keys(plan.params).length ? {sql, params: plan.params} : {sql});
  if (untried.length) return call(`These ${untried.length} questions answer it; would they scan too much?`, ...untried.map(({sql}) => ['run_dry_run_query', withParams(sql)]));
  const passed = plan.queries.filter(({sql}) => dryRunOf(sql).ok).map(({id}) => id);
  if (!passed.length) return say(`None of my queries may run: ${dryRunOf(plan.queries[0].sql).json?.error?.message ?? 'they were refused'}`);

  const validated = named(c.turnCalls, 'validate_dashboard_yaml');
  const last = validated.at(-1);
  if (last?.ok && last.json?.valid) return call('It is valid: save it.', ['save_dashboard_yaml', {yaml_content: last.input.yaml_content}]);
  const wrong = validated.length;
  const bad = variant.badYaml ?? 0;
  if (wrong > bad + MENDS_MAX) return say(`I could not write a valid document: ${last.json?.errors?.[0]?.message ?? 'it was refused'}`);
  const document = {connection: connectionOf(c), title: titleOf(c.sentence), passed: withoutOffenders(passed, wrong > bad ? last.json?.errors ?? [] : [])};
  const yaml = writeDocument(plan, {...document, spoil: wrong < bad ? wrong : undefined});
  return call(wrong ? `${last.json?.errors?.length ?? 'Some'} problems: I mend them.` : 'All pass; now the document.', ['validate_dashboard_yaml', {yaml_content: yaml}]);
}

const connectionOf = (c) => JSON.stringify(c.context.match(/^Connection: (.*)$/m)?.[1] ?? 'warehouse');
const titleOf = (sentence) => sentence.replace(/\s+/g, ' ').replace(/[.?!]+$/, '').slice(0, 60).trim() || 'Dashboard';

// A document that should have been right: leave out the queries that the records point at.
function withoutOffenders(passed, errors) {
  const kept = passed.filter((id) => !errors.some(({path}) => path?.startsWith(`queries.${id}`)));
  return kept.length ? kept : passed;
}

// ---- a conversation ---------------------------------------------------------------------------------------------------------

function answerQuestion(c, schema) {
  const {sql, title, mark, x, y} = planQuestion(schema, c.sentence);
  const of = (name) => named(c.turnCalls, name).find(({input}) => input.sql === sql);
  const dryRun = of('run_dry_run_query');
  if (!dryRun && c.tools.includes('run_dry_run_query')) return call('What would it scan?', ['run_dry_run_query', {sql}]);
  if (dryRun && !dryRun.ok) return say(`I may not run that: ${dryRun.json?.error?.message ?? 'it was refused'}`);
  if (!of('run_query') && c.tools.includes('run_query')) return call('It may run.', ['run_query', {sql}]);
  if (!of('show_chart') && of('run_query')?.ok && c.tools.includes('show_chart')) return call('A picture says it best.', ['show_chart', {title, sql, mark, x, y}]);
  return say(inWords(of('run_query'), title));
}

function inWords(run, title) {
  const rows = run?.json?.rows ?? run?.json?.data?.rows ?? [];
  if (!rows.length) return `${title}: I have no rows to show for it.`;
  const shown = rows.slice(0, 3).map((row) => (Array.isArray(row) ? row : Object.values(row)).map((value) => (typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(1) : String(value))).join(': '));
  return `${title}. At the top: ${shown.join('; ')}.`;
}

function summary(c) {
  const saved = named(c.turnCalls, 'save_dashboard_yaml').find(({ok}) => ok);
  if (!saved) return 'There is nothing more that I can find out.';
  return `The dashboard ${saved.json?.slug ?? ''} shows the totals, how they went by day, and who is at the top. I left out what the sentence did not ask for.`;
}
