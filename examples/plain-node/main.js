import { createServer } from 'node:http';
import { pool } from './database.js';

const database = pool();

const server = createServer(async (request, response) => {
  try {
    if (request.url !== '/') {
      response.writeHead(404).end('There is only one page here.\n');
      return;
    }
    await database.query('insert into visit default values');
    const { rows } = await database.query('select count(*)::int as visits, max(at) as latest from visit');
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(rows[0]) + '\n');
  } catch (failure) {
    console.error(failure);
    response.writeHead(500).end('That did not work.\n');
  }
});

const port = Number(process.env.PORT ?? 3000);
server.listen(port, () => console.log(`Listening on port ${port}`));
process.on('SIGTERM', () => {
  server.close(() => database.end().then(() => process.exit(0)));
  server.closeIdleConnections();
});
