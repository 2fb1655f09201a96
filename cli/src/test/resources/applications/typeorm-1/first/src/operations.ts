import { DBOS, OrmEntities } from '@dbos-inc/dbos-sdk';
import { EntityManager } from 'typeorm';
import { Note } from './note';

const database = () => DBOS.typeORMClient as EntityManager;

@OrmEntities([Note])
export class Notes {
  @DBOS.transaction()
  static async add(text: string) {
    await database().insert(Note, { text });
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
    return (await database().query('select * from notes order by id')) as object[];
  }
}
