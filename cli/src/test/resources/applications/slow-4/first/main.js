const { createServer } = require('node:http');
const { text } = require('node:stream/consumers');
const { DBOS, WorkflowQueue } = require('@dbos-inc/dbos-sdk');
const knex = require('knex');

const database = knex(require('./knexfile'));
const version = process.env.DBOS__APPVERSION;

// Waits until somebody says go, and then writes down which version it has run on.
const write = DBOS.registerWorkflow(
  async (note) => {
    await DBOS.recv('go', 3600);
    await DBOS.runStep(() => database('notes').insert({ text: note, version }), { name: 'add' });
  },
  { name: 'write' },
);

// What is put here second stays ENQUEUED.
const narrow = new WorkflowQueue('narrow', { rateLimit: { limitPerPeriod: 1, periodSec: 3600 } });

async function answer(request) {
  if (request.method !== 'POST') {
    return { version, pid: process.pid, notes: await database('notes').select('*').orderBy('id') };
  }
  const { note, queued, go } = JSON.parse(await text(request));
  if (go) {
    await DBOS.send(go, 'go', 'go');
    return {};
  }
  const where = queued ? { queueName: narrow.name } : {};
  return { workflow: (await DBOS.startWorkflow(write, where)(note)).workflowID };
}

async function main() {
  DBOS.setConfig({ name: 'slow-4', systemDatabaseUrl: process.env.DBOS_SYSTEM_DATABASE_URL });
  await DBOS.launch();
  createServer((request, response) =>
    answer(request).then(
      (result) => response.end(JSON.stringify(result)),
      (failure) => {
        console.error(failure);
        response.writeHead(500).end();
      },
    ),
  ).listen(3000);
}

main().catch((failure) => {
  console.error(failure);
  process.exit(1);
});
