import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';

const step = Number(await readFile(new URL('./step.txt', import.meta.url), 'utf8'));
const answer = JSON.stringify({ version: process.env.DBOS__APPVERSION, step });

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(answer);
});
server.listen(Number(process.env.PORT ?? 3000));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
