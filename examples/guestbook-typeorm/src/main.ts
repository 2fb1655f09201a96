import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import datasource from './datasource.js';
import { Entry } from './entry.js';

const LONGEST_BODY = 64 * 1024;

async function body(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > LONGEST_BODY) {
      break;
    }
  }
  return new URLSearchParams(text);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const entries = datasource.getRepository(Entry);
  response.setHeader('Content-Type', 'application/json');
  if (request.url !== '/') {
    response.writeHead(404).end('{"message":"there is only one page here"}\n');
  } else if (request.method === 'POST') {
    const fields = await body(request);
    const name = fields.get('name')?.trim();
    const message = fields.get('message')?.trim();
    if (!name || !message) {
      response.writeHead(400).end('{"message":"name and message are needed"}\n');
      return;
    }
    const added = await entries.save(entries.create({ name, message }));
    response.writeHead(201).end(JSON.stringify(added) + '\n');
  } else {
    response.writeHead(200).end(JSON.stringify(await entries.find({ order: { id: 'ASC' } })) + '\n');
  }
}

await datasource.initialize();
const server = createServer((request, response) => {
  handle(request, response).catch((failure) => {
    console.error(failure);
    response.writeHead(500).end('{"message":"that did not work"}\n');
  });
});
const port = Number(process.env.PORT ?? 3000);
server.listen(port, () => console.log(`Listening on port ${port}`));
process.on('SIGTERM', () => {
  server.close(() => datasource.destroy().then(() => process.exit(0)));
  server.closeIdleConnections();
});
