import { DBOS } from '@dbos-inc/dbos-sdk';

export class Notes {
  @DBOS.transaction()
  static async add(text: string) {
    await DBOS.knexClient('notes').insert({ text });
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
    return await DBOS.knexClient('notes').select('*').orderBy('id');
  }
}
