export async function up(knex) {
  await knex.schema.alterTable('entries', (table) => {
    table.text('mood').notNullable().defaultTo('cheerful');
  });
}

export async function down(knex) {
  await knex.schema.alterTable('entries', (table) => {
    table.dropColumn('mood');
  });
}
