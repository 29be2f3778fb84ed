// Writes tests/StandIn/github-openapi.json: out of GitHub's REST description (the package @octokit/openapi, 385 MB
// installed, so it is no dependency), the operations that the CI calls or the stand-in plays, with what they refer to.
// To renew it, in scripts/: npm install --no-save @octokit/openapi@latest && node extract-openapi.mjs

import { readFileSync, writeFileSync } from 'node:fs';

const operations = {
  '/rate_limit': ['get'],
  '/repos/{owner}/{repo}': ['get'],
  '/repos/{owner}/{repo}/tarball/{ref}': ['get'],
  '/repos/{owner}/{repo}/contents/{path}': ['get'],
  '/repos/{owner}/{repo}/git/commits/{commit_sha}': ['get'],
  '/repos/{owner}/{repo}/git/trees/{tree_sha}': ['get'],
  '/repos/{owner}/{repo}/git/blobs/{file_sha}': ['get'],
  '/repos/{owner}/{repo}/collaborators/{username}/permission': ['get'],
  '/repos/{owner}/{repo}/pulls/{pull_number}': ['get'],
  '/repos/{owner}/{repo}/pulls/{pull_number}/files': ['get'],
  '/repos/{owner}/{repo}/statuses/{sha}': ['post'],
  '/repos/{owner}/{repo}/commits/{ref}/status': ['get'],
  '/repos/{owner}/{repo}/issues/{issue_number}/comments': ['get', 'post'],
  '/repos/{owner}/{repo}/issues/comments/{comment_id}': ['patch'],
  '/repos/{owner}/{repo}/hooks': ['get', 'post'],
  '/repos/{owner}/{repo}/hooks/{hook_id}': ['patch'],
  '/repos/{owner}/{repo}/hooks/{hook_id}/pings': ['post'],
  '/repos/{owner}/{repo}/hooks/{hook_id}/deliveries': ['get'],
  '/repos/{owner}/{repo}/check-runs': ['post'],
  '/repos/{owner}/{repo}/commits/{ref}/check-runs': ['get'],
  '/repos/{owner}/{repo}/check-runs/{check_run_id}': ['patch'],
  '/repos/{owner}/{repo}/installation': ['get'],
  '/app/installations/{installation_id}/access_tokens': ['post'],
};

// What people read; a test reads the rest.
const prose = new Set(['description', 'summary', 'example', 'examples', 'externalDocs', 'tags', 'title']);

// A map's keys are names ("description" may be a property of a status), everything else's are keywords.
const maps = new Set(['properties', 'patternProperties', 'schemas', 'responses', 'parameters', 'headers']);

function withoutProse(node, isMap = false) {
  if (Array.isArray(node)) return node.map((item) => withoutProse(item));
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => isMap || !(prose.has(key) || key.startsWith('x-')))
      .map(([key, value]) => [key, withoutProse(value, !isMap && maps.has(key))]));
}

function* references(node) {
  if (node === null || typeof node !== 'object') return;
  if (typeof node.$ref === 'string') yield node.$ref;
  for (const value of Object.values(node)) yield* references(value);
}

const source = new URL('node_modules/@octokit/openapi/', import.meta.url);
const whole = JSON.parse(readFileSync(new URL('generated/api.github.com.json', source), 'utf8'));
const { version } = JSON.parse(readFileSync(new URL('package.json', source), 'utf8'));

const extract = {
  openapi: whole.openapi,
  info: { title: whole.info.title, version: whole.info.version, license: whole.info.license, 'x-extracted-from': `@octokit/openapi ${version}` },
  paths: {},
  components: {},
};

for (const [path, methods] of Object.entries(operations)) {
  extract.paths[path] = {};
  for (const method of methods) {
    const operation = whole.paths[path]?.[method];
    if (!operation) throw new Error(`${method.toUpperCase()} ${path} is not in the description.`);
    const { operationId, parameters, requestBody, responses } = operation;
    extract.paths[path][method] = withoutProse({ operationId, parameters, requestBody, responses });
  }
}

const open = [...references(extract.paths)];
for (let reference; (reference = open.pop()); ) {
  const [, , kind, name] = reference.split('/');
  extract.components[kind] ??= {};
  if (extract.components[kind][name]) continue;
  extract.components[kind][name] = withoutProse(whole.components[kind][name]);
  open.push(...references(extract.components[kind][name]));
}

for (const [kind, parts] of Object.entries(extract.components)) {
  extract.components[kind] = Object.fromEntries(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

writeFileSync(new URL('../tests/StandIn/github-openapi.json', import.meta.url), JSON.stringify(extract, null, 1) + '\n');
