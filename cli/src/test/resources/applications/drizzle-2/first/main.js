const { createServer } = require('node:http');
const { text } = require('node:stream/consumers');
const { DBOS } = require('@dbos-inc/dbos-sdk');
const { sql } = require('drizzle-orm');
const { notes } = require('./schema');

class Notes {
  static async add(note) {
    await DBOS.drizzleClient.insert(notes).values({ text: note });
  }

  static async list() {
    // All columns, those that this code does not know included.
    return (await DBOS.drizzleClient.execute(sql`select * from notes order by id`)).rows;
  }

  static async write(note) {
    await Notes.add(note);
    return { workflow: DBOS.workflowID };
  }
}

// What the compiler of TypeScript makes of decorators.
function decorate(name, decorator) {
  const before = Object.getOwnPropertyDescriptor(Notes, name);
  Object.defineProperty(Notes, name, decorator(Notes, name, before) ?? before);
}
decorate('add', DBOS.transaction());
decorate('list', DBOS.transaction({ readOnly: true }));
decorate('write', DBOS.workflow());

async function answer(request) {
  return request.method === 'POST'
    ? await Notes.write(JSON.parse(await text(request)).text)
    : await Notes.list();
}

async function main() {
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
