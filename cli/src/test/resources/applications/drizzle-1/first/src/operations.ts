import { DBOS } from '@dbos-inc/dbos-sdk';
import { sql } from 'drizzle-orm';
import { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { notes } from './schema';

const database = () => DBOS.drizzleClient as NodePgDatabase;

export class Notes {
  @DBOS.transaction()
  static async add(text: string) {
    await database().insert(notes).values({ text });
  }

  @DBOS.postApi('/')
  @DBOS.workflow()
  static async write(text: string) {
    await Notes.add(text);
    return { workflow: DBOS.workflowID };
  }

  @DBOS.getApi('/')
  @DBOS.transaction({ readOnly: true })
  static async list() {
    // All columns, those that this code does not know included.
    return (await database().execute(sql`select * from notes order by id`)).rows;
  }
}
