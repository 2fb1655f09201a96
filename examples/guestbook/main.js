import { createServer } from 'node:http';
import knex from 'knex';
import configuration from './knexfile.js';
import { columns } from './entries.js';
import { page } from './page.js';

const LONGEST_BODY = 64 * 1024;

const database = knex(configuration);

async function body(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > LONGEST_BODY) {
      throw Object.assign(new Error('that is too long'), { status: 413 });
    }
  }
  if ((request.headers['content-type'] ?? '').startsWith('application/json')) {
    try {
      return JSON.parse(text) ?? {};
    } catch {
      throw Object.assign(new Error('that is no JSON'), { status: 400 });
    }
  }
  return Object.fromEntries(new URLSearchParams(text));
}

function entry(fields) {
  const { name, message } = fields;
  if (typeof name !== 'string' || typeof message !== 'string' || !name.trim() || !message.trim()) {
    throw Object.assign(new Error('name and message are needed'), { status: 400 });
  }
  return { name: name.trim().slice(0, 100), message: message.trim().slice(0, 1000) };
}

// What this version shows of a row. The schema goes first when a version comes or is taken back, so for a moment
// there may be a column more or one less than it knows.
function shown(row) {
  return Object.fromEntries(columns.filter((column) => column in row).map((column) => [column, row[column]]));
}

function answer(response, status, type, content, headers = {}) {
  response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8`, ...headers });
  response.end(content);
}

async function handle(request, response) {
  const wantsPage = (request.headers.accept ?? '').includes('text/html');
  const { pathname } = new URL(request.url, 'http://here');
  if (pathname !== '/') {
    answer(response, 404, 'text/plain', 'There is only one page here.\n');
  } else if (request.method === 'GET' || request.method === 'HEAD') {
    const entries = (await database('entries').select('*').orderBy('id')).map(shown);
    if (wantsPage) {
      answer(response, 200, 'text/html', page(entries));
    } else {
      answer(response, 200, 'application/json', JSON.stringify(entries) + '\n');
    }
  } else if (request.method === 'POST') {
    const [added] = await database('entries').insert(entry(await body(request)), '*');
    if (wantsPage) {
      answer(response, 303, 'text/plain', 'Thank you.\n', { Location: '/' });
    } else {
      answer(response, 201, 'application/json', JSON.stringify(shown(added)) + '\n');
    }
  } else {
    answer(response, 405, 'text/plain', 'GET or POST.\n', { Allow: 'GET, HEAD, POST' });
  }
}

const server = createServer((request, response) => {
  handle(request, response).catch((failure) => {
    const status = failure.status ?? 500;
    if (status === 500) {
      console.error(failure);
    }
    answer(response, status, 'text/plain', `${status === 500 ? 'That did not work.' : failure.message}\n`);
  });
});

// Once the first query has been answered, so that a healthy application is one that has its database.
await database.raw('select 1');
const port = Number(process.env.PORT ?? 3000);
server.listen(port, () => console.log(`The guestbook listens on port ${port}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => database.destroy().then(() => process.exit(0)));
    server.closeIdleConnections();
  });
}
