// Writes the types of the wire: src/api/openapi.generated.ts from schemas/openapi.json, and src/api/document.generated.ts from schemas/dashboard.schema.json.
//   node scripts/generate_types.mjs [FOLDER]     into another folder than src/api
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapi_typescript, { astToString } from 'openapi-typescript';

const web = fileURLToPath(new URL('..', import.meta.url));
const read = (name) => JSON.parse(readFileSync(join(web, '../schemas', name), 'utf8'));
const folder = process.argv[2] ?? join(web, 'src/api');

const note = (source) => `// Written by \`npm run generate-api\` from ${source}: change that, and write this anew.\n\n`;

async function write(name, source, document) {
  writeFileSync(join(folder, name), note(source) + astToString(await openapi_typescript(document)));
}

// The parts of a document's schema as those of a description of an API, which is what the generator reads. What a schema says beside the shape of values
// (patterns of names that are kept and ignored) has no type.
function as_components(schema) {
  const text = JSON.stringify(schema.definitions, (key, value) => (key === 'patternProperties' ? undefined : value));
  return { openapi: '3.1.0', info: { title: schema.title, version: '1' }, paths: {}, components: { schemas: JSON.parse(text.replaceAll('#/definitions/', '#/components/schemas/')) } };
}

await write('openapi.generated.ts', 'schemas/openapi.json', read('openapi.json'));
await write('document.generated.ts', 'schemas/dashboard.schema.json', as_components(read('dashboard.schema.json')));
