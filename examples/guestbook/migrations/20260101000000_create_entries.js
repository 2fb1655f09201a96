export async function up(knex) {
  await knex.schema.createTable('entries', (table) => {
    table.increments('id');
    table.text('name').notNullable();
    table.text('message').notNullable();
    table.timestamp('written_at', { useTz: true }).notNullable().defaultTo(knex.fn.now());
  });
  await knex('entries').insert([
    { name: 'Ada', message: 'The first one here.' },
    { name: 'Grace', message: 'It is easier to ask for forgiveness.' },
  ]);
}

export async function down(knex) {
  await knex.schema.dropTable('entries');
}
