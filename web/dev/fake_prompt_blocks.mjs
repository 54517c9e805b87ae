// The prompt blocks of the fake server.
let count = 0;
const block = (name, content, version, active, position, days) => ({
  id: `0190f0c6-0000-7000-8000-${String(++count).padStart(12, '0')}`,
  name,
  content,
  cache_control: 'ephemeral',
  version,
  active,
  position,
  created_at: new Date(Date.now() - days * 86_400_000).toISOString(),
});

const blocks = [
  block('role', 'You are a careful analyst. You answer questions about the data of a warehouse.\n\n- Say what you do in one short sentence before you do it.\n- Never guess a number: ask the warehouse.\n- Numbers get a unit and as many digits as they deserve.\n', 1, false, 0, 40),
  block('role', 'You are a careful analyst. You answer questions about the data of a warehouse, and make dashboards of the answers.\n\n- Say what you do in one short sentence before you do it.\n- Never guess a number: ask the warehouse.\n- Numbers get a unit and as many digits as they deserve.\n- Say what the data cannot tell.\n', 2, true, 0, 12),
  block('dashboard_format', '# The dashboard document\n\nA dashboard is YAML: parameters, queries, charts, a layout of twelve columns.\n', 1, true, 10, 40),
  block('examples', 'Question: how many flights are there by month?\n', 1, false, 20, 40),
];

export function prompt_blocks_api({ pathname, method, body, json, Refused }) {
  if (pathname !== '/v1/prompt-blocks') return false;
  if (method === 'GET') return json({ items: blocks }), true;
  const versions = blocks.filter((one) => one.name === body.name);
  if (method === 'POST') {
    if (versions.length > 0) throw new Refused(409, 'already_exists', 'The name is taken', `There is a prompt block '${body.name}'.`);
    blocks.push(block(body.name, body.content, 1, true, body.position ?? 0, 0));
    return json(blocks.at(-1), 201), true;
  }
  if (versions.length === 0) throw new Refused(404, 'not_found', 'Not found', 'There is no such prompt block.');
  for (const one of versions) one.active = false;
  if (body.version) {
    const chosen = versions.find((one) => one.version === body.version);
    chosen.active = true;
    return json(chosen), true;
  }
  blocks.push(block(body.name, body.content, Math.max(...versions.map((one) => one.version)) + 1, true, body.position ?? versions[0].position, 0));
  return json(blocks.at(-1)), true;
}
