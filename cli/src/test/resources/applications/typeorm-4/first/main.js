const { createServer } = require('node:http');
const { text } = require('node:stream/consumers');
const { DBOS } = require('@dbos-inc/dbos-sdk');
const datasource = require('./datasource');

const write = DBOS.registerWorkflow(
  async (note) => {
    await DBOS.runStep(() => datasource.query('insert into notes (text) values ($1)', [note]), {
      name: 'add',
    });
    return { workflow: DBOS.workflowID };
  },
  { name: 'write' },
);

async function answer(request) {
  return request.method === 'POST'
    ? await write(JSON.parse(await text(request)).text)
    : await datasource.query('select * from notes order by id');
}

async function main() {
  DBOS.setConfig({ name: 'typeorm-4', systemDatabaseUrl: process.env.DBOS_SYSTEM_DATABASE_URL });
  await datasource.initialize();
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
