const { createServer } = require('node:http');
const { text } = require('node:stream/consumers');
const { DBOS } = require('@dbos-inc/dbos-sdk');
const { drizzle } = require('drizzle-orm/node-postgres');
const { sql } = require('drizzle-orm');
const { Pool } = require('pg');
const { notes } = require('./schema');

const database = drizzle(new Pool({ connectionString: process.env.DBOS_DATABASE_URL }));

const write = DBOS.registerWorkflow(
  async (note) => {
    await DBOS.runStep(async () => void (await database.insert(notes).values({ text: note })), {
      name: 'add',
    });
    return { workflow: DBOS.workflowID };
  },
  { name: 'write' },
);

async function answer(request) {
  if (request.method === 'POST') {
    return await write(JSON.parse(await text(request)).text);
  }
  // All columns, those that this code does not know included.
  return (await database.execute(sql`select * from notes order by id`)).rows;
}

async function main() {
  DBOS.setConfig({ name: 'drizzle-4', systemDatabaseUrl: process.env.DBOS_SYSTEM_DATABASE_URL });
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
